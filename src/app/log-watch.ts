import { topicOf } from '../core/index.ts';
import { logFault } from '../pipeline/index.ts';
import type { Chore } from './chore.ts';
import { HEARTBEAT_TABLE } from './readings.ts';
import { repeat } from './repeat.ts';

const LOOK_EVERY_MS = 4_000;

/**
 * Compares what is landed with what Kafka holds. A partition without records has nobody else who would look: a topic
 * made anew may stay empty for long. What is seen twice in a row is believed; a broker that starts may err once.
 */
export function observeLog(chore: Chore): Promise<void> {
  const { open, probes, log } = chore;
  const { migration, admin, ledger } = open;
  const topics = [...migration.tables.map(({ name }) => name), HEARTBEAT_TABLE].map((t) => topicOf(migration.name, t));
  let suspected = new Map<string, string>();
  return repeat(LOOK_EVERY_MS, chore, 'looking at the log', async () => {
    const seen = new Map<string, string>();
    const halted = new Set((await ledger.halts()).map(({ scope }) => scope));
    for (const topic of topics) {
      // progress is read first, so that it is never ahead of ends read before
      const partitions = (await admin.partitions()).filter((one) => one.topic === topic);
      const bounds = new Map((await probes.offsets(topic)).map((one) => [one.partition, one]));
      for (const { partition, nextOffset } of partitions) {
        const scope = `${topic}/${partition}`;
        const end = bounds.get(partition);
        if (nextOffset === null) {
          if (end && end.low === end.high) await admin.beginEmpty(topic, partition, end.low);
          continue;
        }
        const fault = logFault(topic, partition, nextOffset, end);
        if (!fault || halted.has(scope)) continue;
        seen.set(scope, fault.code);
        if (suspected.get(scope) !== fault.code) continue;
        log.error(`partition halted: ${fault.message}`, { topic, partition, code: fault.code });
        await ledger.halt(scope, fault.code, fault.message);
      }
    }
    suspected = seen;
  });
}
