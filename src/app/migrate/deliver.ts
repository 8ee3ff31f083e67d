import { silentMeter } from '../../core/index.ts';
import { systemClock } from '../clock.ts';
import type { Config } from '../config.ts';
import { createLog } from '../logger.ts';
import type { OpenPipeline } from '../pipeline.ts';
import { startSending } from '../sending.ts';
import { openSinks } from '../wire.ts';

const GIVE_UP_MS = 30_000;

/** Sends what a run has left to send. Answers what is left when nothing moves any more: documents that wait, or a store that is away. */
export async function deliverAll(
  config: Config,
  open: OpenPipeline,
  without: readonly string[],
  options: { readonly signal: AbortSignal | undefined; readonly tell: (left: number) => void },
): Promise<number> {
  const log = createLog({ level: 'warn' }, { pipeline: open.name });
  const sinks = openSinks(config, open, without, log, silentMeter);
  if (sinks.size === 0) return leftOf(open);
  const sending = startSending(open, sinks, {
    log,
    meter: silentMeter,
    clock: systemClock,
    worker: `${config.worker}-migrate`,
  });
  try {
    let left = await leftOf(open);
    let movedAt = systemClock.now();
    while (left > 0 && !options.signal?.aborted && systemClock.now() - movedAt < GIVE_UP_MS) {
      await systemClock.sleep(250, options.signal);
      const now = await leftOf(open);
      if (now !== left) movedAt = systemClock.now();
      left = now;
      options.tell(left);
    }
    return left;
  } finally {
    await sending.stop();
    for (const sink of sinks.values()) await sink.close();
  }
}

async function leftOf({ admin }: OpenPipeline): Promise<number> {
  return (await admin.flows()).reduce((sum, { intents }) => sum + intents, 0);
}
