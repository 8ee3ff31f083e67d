import { containers, hasEngine } from './containers.ts';
import { readRecord } from './process-record.ts';
import { processes } from './processes.ts';
import type { PartStatus, Progress, Provider } from './provider.ts';
import { addressesOf, PARTS, type PartName, type StackAddresses, type StackSettings } from './settings.ts';

export type { PartStatus, Progress } from './provider.ts';
export {
  PARTS,
  type PartName,
  PORTS,
  partsFrom,
  providerFrom,
  type StackAddresses,
  type StackSettings,
  stackSettings,
} from './settings.ts';

/** Without a choice it is containers where an engine answers; but a home whose parts run as processes stays with them. */
function isContained(settings: StackSettings): boolean {
  if (settings.provider !== 'auto') return settings.provider === 'containers';
  return PARTS.every((part) => readRecord(settings.home, part) === null) && hasEngine();
}

const providerOf = (settings: StackSettings): Provider => (isContained(settings) ? containers : processes);

/** Where the parts of a stack answer, whether they run or not. */
export const addresses = (settings: StackSettings): StackAddresses => addressesOf(settings, isContained(settings));

/** Brings the stack up, or mends it. Throws CONFIG_INVALID naming the tool, port or download that stands in the way. */
export async function up(
  settings: StackSettings,
  options: { waitForFhir: boolean },
  say: Progress = () => undefined,
): Promise<StackAddresses> {
  await providerOf(settings).up(settings, options, say);
  return addresses(settings);
}

export function down(
  settings: StackSettings,
  options: { purge: boolean },
  say: Progress = () => undefined,
): Promise<void> {
  return providerOf(settings).down(settings, options, say);
}

export function status(settings: StackSettings): Promise<readonly PartStatus[]> {
  return providerOf(settings).status(settings);
}

export function logs(
  settings: StackSettings,
  part: PartName,
  options: { follow: boolean; lines: number },
): Promise<void> {
  return providerOf(settings).logs(settings, part, options);
}
