import { topicOf } from '../core/index.ts';
import { logFault, strangeLog } from '../pipeline/index.ts';
import type { Chore } from './chore.ts';
import { HEARTBEAT_TABLE } from './readings.ts';
import { repeat } from './repeat.ts';

const LOOK_EVERY_MS = 4_000;

/** How far a partition was landed, and the newest timestamp of what was. */
interface Landed {
  readonly nextOffset: bigint;
  readonly logTimeMs: number | null;
}

/**
 * Compares what is landed with what Kafka holds. A partition without records has nobody else who would look: a topic
 * made anew may stay empty for long, or grow past what was landed of the old one before its reader asks again. The latter
 * is told by what was landed at the look before, as by now the reader may have gone on in the new log. What is seen twice
 * in a row is believed; a broker that starts may err once.
 */
export function observeLog(chore: Chore): Promise<void> {
  const { open, probes, log } = chore;
  const { migration, admin, ledger } = open;
  const topics = [...migration.tables.map(({ name }) => name), HEARTBEAT_TABLE].map((t) => topicOf(migration.name, t));
  let suspected = new Map<string, string>();
  const before = new Map<string, Landed>();
  /** Whether a log holds nothing of the time it was landed at, though it begins before the place that was landed then. */
  const isYounger = async (scope: string, then: Landed, low: bigint): Promise<boolean> => {
    if (then.logTimeMs === null || low >= then.nextOffset) return false;
    const [topic = '', partition] = scope.split('/');
    return (await probes.offsetAfter(topic, Number(partition), then.logTimeMs)) === low;
  };
  return repeat(LOOK_EVERY_MS, chore, 'looking at the log', async () => {
    const seen = new Map<string, string>();
    const halted = new Set((await ledger.halts()).map(({ scope }) => scope));
    for (const topic of topics) {
      // progress is read first, so that it is never ahead of ends read before
      const partitions = (await admin.partitions()).filter((one) => one.topic === topic);
      const bounds = new Map((await probes.offsets(topic)).map((one) => [one.partition, one]));
      for (const { partition, nextOffset, logTimeMs } of partitions) {
        const scope = `${topic}/${partition}`;
        const end = bounds.get(partition);
        if (nextOffset === null || halted.has(scope)) {
          before.delete(scope);
          if (nextOffset === null && end && end.low === end.high) await admin.beginEmpty(topic, partition, end.low);
          continue;
        }
        const then = before.get(scope);
        const isAnother = then && end && then.nextOffset < nextOffset && (await isYounger(scope, then, end.low));
        const fault =
          logFault(topic, partition, nextOffset, end) ?? (isAnother ? strangeLog(topic, partition, nextOffset) : null);
        if (!fault) {
          before.set(scope, { nextOffset, logTimeMs });
          continue;
        }
        seen.set(scope, fault.code);
        if (suspected.get(scope) !== fault.code) continue;
        log.error(`partition halted: ${fault.message}`, { topic, partition, code: fault.code });
        await ledger.halt(scope, fault.code, fault.message);
      }
    }
    suspected = seen;
  });
}
