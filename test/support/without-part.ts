import { inject } from 'vitest';
import { type PartName, stackSettings, status, up } from '../../src/stack/index.ts';

/** Ends a server as a power cut would, does something meanwhile, and lets the stack mend itself. */
export async function withoutPart(part: PartName, work: () => Promise<void>): Promise<void> {
  const settings = stackSettings({ ...inject('stackSettings') });
  const found = (await status(settings)).find((one) => one.part === part);
  if (!found?.pid) throw new Error(`${part} does not run`);
  process.kill(found.pid, 'SIGKILL');
  await work();
  await up(settings, { waitForFhir: true });
}
