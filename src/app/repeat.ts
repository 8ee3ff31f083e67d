import { SluiceError } from '../core/index.ts';
import type { Chore } from './chore.ts';

/** Repeats a chore until stopped. A chore that fails is tried again next time; it never stops the pipeline. */
export async function repeat(
  ms: number,
  { clock, signal, log }: Pick<Chore, 'clock' | 'signal' | 'log'>,
  name: string,
  work: () => Promise<void>,
) {
  while (!signal.aborted) {
    await work().catch((error: unknown) => {
      const code = error instanceof SluiceError ? error.code : 'INTERNAL';
      log.debug(`${name} failed, tried again later`, { code });
    });
    await clock.sleep(ms, signal);
  }
}
