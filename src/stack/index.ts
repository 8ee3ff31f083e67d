import { containers, hasEngine } from './containers.ts';
import { processes } from './processes.ts';
import type { PartStatus, Progress, Provider } from './provider.ts';
import { addresses, type PartName, type StackAddresses, type StackSettings } from './settings.ts';

export type { PartStatus, Progress } from './provider.ts';
export {
  addresses,
  PARTS,
  type PartName,
  PORTS,
  partsFrom,
  providerFrom,
  type StackAddresses,
  type StackSettings,
  stackSettings,
} from './settings.ts';

function providerOf(settings: StackSettings): Provider {
  if (settings.provider === 'auto') return hasEngine() ? containers : processes;
  return settings.provider === 'containers' ? containers : processes;
}

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
