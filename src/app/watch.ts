import { systemClock } from './clock.ts';
import type { Config } from './config.ts';
import type { OpenPipeline } from './pipeline.ts';
import { openProbes } from './probes.ts';
import { pipelineReader } from './readings.ts';
import { judge, type PipelineStatus } from './status.ts';

const EVERY_MS = 2_000;
const ONCE_AFTER_MS = 1_000;

/** Hands over the status of a pipeline again and again until stopped; a rate needs two readings, so the first waits. */
export async function watchStatus(
  open: OpenPipeline,
  migration: string,
  config: Config,
  options: { readonly signal: AbortSignal; readonly once: boolean },
  onStatus: (status: PipelineStatus) => void | Promise<void>,
): Promise<void> {
  const probes = await openProbes(config, migration);
  try {
    const read = pipelineReader(open, probes, systemClock);
    let before = await read();
    let at = systemClock.now();
    do {
      await systemClock.sleep(options.once ? ONCE_AFTER_MS : EVERY_MS, options.signal).catch(() => undefined);
      if (options.signal.aborted) return;
      const now = await read();
      await onStatus(judge(open.name, now, before, (systemClock.now() - at) / 1000));
      before = now;
      at = systemClock.now();
    } while (!options.once && !options.signal.aborted);
  } finally {
    await probes.close();
  }
}
