import closeWithGrace from 'close-with-grace';
import type { SluiceError } from '../core/index.ts';
import type { Run } from './run.ts';

/**
 * Lets a run go on until SIGTERM or Ctrl-C, until whoever started this process as its child is gone, or until it must
 * end by itself; then drains it. Throws what ended it, if anything did.
 */
export async function runUntilStopped(
  run: Pick<Run, 'ended' | 'stop'>,
  onCrash: (error: Error) => void,
): Promise<void> {
  const grace = closeWithGrace({ delay: 30_000 }, async ({ err }) => {
    if (err) onCrash(err);
    await run.stop();
  });
  if (process.connected) process.once('disconnect', () => void run.stop());
  const fatal: SluiceError | null = await run.ended;
  grace.uninstall();
  if (fatal === null) return;
  await run.stop();
  throw fatal;
}
