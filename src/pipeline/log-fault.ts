import { SluiceError } from '../core/index.ts';
import type { PartitionOffsets } from './ports.ts';

/** Why landing cannot go on at `next` in the log as it is now; null when it can. `bounds` undefined: there is no such partition. */
export function logFault(
  topic: string,
  partition: number,
  next: bigint,
  bounds: Pick<PartitionOffsets, 'low' | 'high'> | undefined,
): SluiceError | null {
  const place = `${topic}/${partition}: landed up to ${next}`;
  if (!bounds) return next === 0n ? null : new SluiceError('TOPIC_RECREATED', `${place}, there is no such partition`);
  if (next < bounds.low)
    return new SluiceError('PROGRESS_BELOW_LOG_START', `${place}, the log starts at ${bounds.low}`);
  if (next > bounds.high) return new SluiceError('TOPIC_RECREATED', `${place}, the log ends at ${bounds.high}`);
  return null;
}

/** The log is long enough, and all of it is younger than what was landed. */
export const strangeLog = (topic: string, partition: number, next: bigint): SluiceError =>
  new SluiceError('TOPIC_RECREATED', `${topic}/${partition}: landed up to ${next}, the log holds younger records only`);
