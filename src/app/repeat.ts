import { type Clock, type Log, SluiceError } from '../core/index.ts';

/** Repeats a chore until stopped. A chore that fails is tried again next time; it never stops the pipeline. */
export async function repeat(
  ms: number,
  clock: Clock,
  signal: AbortSignal,
  log: Log,
  name: string,
  chore: () => Promise<void>,
) {
  while (!signal.aborted) {
    await chore().catch((error: unknown) => {
      const code = error instanceof SluiceError ? error.code : 'INTERNAL';
      log.debug(`${name} failed, tried again later`, { code });
    });
    await clock.sleep(ms, signal);
  }
}
