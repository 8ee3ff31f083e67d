import { type Clock, SluiceError, topicOf } from '../../core/index.ts';
import { logFault } from '../../pipeline/index.ts';
import type { CapturedRowReader } from '../../source/index.ts';
import { type LogEnds, owedBefore, readEnds } from '../log-ends.ts';
import type { OpenPipeline } from '../pipeline.ts';
import type { Probes } from '../readings.ts';

const WAIT_MS = 60_000;

/**
 * Waits until all that was committed before `lsn` has been landed of some tables, of all unless told. Throws
 * SOURCE_UNAVAILABLE when the time is over, a minute unless told, and TOPIC_RECREATED or PROGRESS_BELOW_LOG_START where a
 * log is not the one that was landed: of that nothing would be owed, either.
 */
export async function untilLanded(
  {
    reader,
    probes,
    open,
    clock,
    slot,
  }: {
    readonly reader: CapturedRowReader;
    readonly probes: Probes;
    readonly open: OpenPipeline;
    readonly clock: Clock;
    readonly slot: string;
  },
  lsn: bigint,
  waitMs: number = WAIT_MS,
  tables: readonly { readonly name: string }[] = open.migration.tables,
): Promise<void> {
  const until = clock.now() + waitMs;
  const topics = tables.map(({ name }) => topicOf(open.migration.name, name));
  let ends: LogEnds | null = null;
  for (;;) {
    // the slot first: what it has passed is in Kafka, and Kafka's ends are read after that
    if (ends === null && ((await reader.confirmed(slot)) ?? -1n) >= lsn) ends = await trustedEnds(open, probes, topics);
    if (ends !== null && (await owedBefore(open, ends)) === 0n) return;
    if (clock.now() > until)
      throw new SluiceError(
        'SOURCE_UNAVAILABLE',
        'the stream does not get to where the rows were read; is the worker running?',
      );
    await clock.sleep(200);
  }
}

/** Progress is read first, so that it is never ahead of ends read before. */
async function trustedEnds(open: OpenPipeline, probes: Probes, topics: readonly string[]): Promise<LogEnds> {
  const partitions = (await open.admin.partitions()).filter(({ topic }) => topics.includes(topic));
  const ends = await readEnds(probes, topics);
  for (const { topic, partition, nextOffset } of partitions) {
    const fault =
      nextOffset === null ? null : logFault(topic, partition, nextOffset, ends.get(`${topic}/${partition}`));
    if (fault) throw fault;
  }
  return ends;
}
