import { SluiceError, silentMeter, topicOf } from '../core/index.ts';
import { landerOf, Subscriptions } from '../pipeline/index.ts';
import type { ParkedItem } from '../sinks/postgres/index.ts';
import { systemClock } from './clock.ts';
import type { Config } from './config.ts';
import { createLog } from './logger.ts';
import type { OpenPipeline } from './pipeline.ts';
import { openDecoder } from './wire.ts';

/**
 * Lands a parked record once more, beside the log's progress. Its position decides as always: what a newer change has
 * overtaken changes nothing. Still undecodable, it stays parked.
 */
export async function relandRecord(open: OpenPipeline, config: Config, item: ParkedItem): Promise<void> {
  const raw = await open.admin.parkedRaw(item.id);
  if (!raw || item.topic === null || item.partition === null || item.offset === null) return;
  const { migration, ledger } = open;
  const table = migration.tables.find((candidate) => topicOf(migration.name, candidate.name) === item.topic);
  if (!table) throw new SluiceError('CONFIG_INVALID', `${item.topic} belongs to no declared table`);
  const place = { topic: item.topic, partition: item.partition, table: table.name };
  const offset = BigInt(item.offset);
  const record = { offset, timestampMs: 0, key: raw.key, value: raw.value, headers: raw.headers };
  const decoder = openDecoder(config, migration);
  const log = createLog({ level: 'warn' });
  const context = { migration, ledger, log, meter: silentMeter, clock: systemClock, worker: 'reland' };
  const lander = landerOf(place, context, decoder, new Subscriptions(migration), [], { again: [item.id] });
  await lander.land([record], offset + 1n, null);
}
