import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { systemClock } from '../src/app/clock.ts';
import { loadConfig } from '../src/app/config.ts';
import type { OpenPipeline } from '../src/app/pipeline.ts';
import { openSource } from '../src/app/wire.ts';
import { type DerivingTransaction, type Ledger, silentLog, silentMeter, topicOf } from '../src/core/index.ts';
import { landerOf, type RawRecord, Subscriptions } from '../src/pipeline/index.ts';
import { ledgerContext } from '../src/sinks/postgres/context.ts';
import { openLedger, openPool } from '../src/sinks/postgres/index.ts';
import { PostgresLanding } from '../src/sinks/postgres/landing-transaction.ts';
import { addresses, stackSettings } from '../src/stack/index.ts';
import type { WorkerCall } from './sluice.ts';
import { TABLE, visitMigration } from './visit.ts';

interface Statement {
  readonly name: string | undefined;
  readonly text: string;
  readonly values: unknown[];
}

const BATCH = 5_000;

/** Lands everything into a ledger whose statements are written down instead of being run, then runs them. */
async function main(call: WorkerCall): Promise<void> {
  const migration = visitMigration(call.migration, call.way);
  const config = loadConfig(addresses(stackSettings()), { SLUICE_SERVICES_URL: call.servicesUrl });
  const pool = openPool(call.servicesUrl, 1);
  const open = { migration, name: `${call.pipeline}${randomBytes(3).toString('hex')}` } as OpenPipeline;
  const source = openSource(config, open, silentLog, () => process.exit(1));
  const topic = topicOf(migration.name, TABLE);
  const records = new Map<number, RawRecord[]>();
  const ends = new Map((await source.client.offsets(topic)).map(({ partition, high }) => [partition, high]));
  await new Promise<void>((resolve) => {
    void source.client.run((batch) => {
      if (batch.topic !== topic) return;
      records.set(batch.partition, [...(records.get(batch.partition) ?? []), ...batch.records]);
      if (batch.nextOffset >= (ends.get(batch.partition) ?? 0n)) ends.delete(batch.partition);
      if (ends.size === 0) resolve();
    });
  });
  const connections = [[], []] as Statement[][][];
  for (const [partition, all] of records) {
    const written: Statement[] = [];
    const ledger = recording(openLedger(pool, { migration, pipeline: call.pipeline, schemaSuffix: '' }), call, written);
    const place = { topic, partition, table: TABLE };
    const context = { migration, ledger, log: silentLog, meter: silentMeter, clock: systemClock, worker: 'limit' };
    const lander = landerOf(place, context, source.decoder, new Subscriptions(migration), []);
    for (let i = 0; i < all.length; i += BATCH) {
      const part = all.slice(i, i + BATCH);
      await lander.land(part, (part.at(-1)?.offset ?? 0n) + 1n, { from: BigInt(i), fence: 1n });
      connections[partition % 2]?.push(written.splice(0));
    }
  }
  records.clear();
  await source.client.close();
  await Promise.all(connections.map((transactions) => run(call.servicesUrl, transactions)));
  setInterval(() => undefined, 60_000);
}

/** A ledger on a connection that says yes to everything. */
function recording(ledger: Ledger, call: WorkerCall, written: Statement[]): Ledger {
  const query = async (statement: string | { readonly name: string; readonly text: string }, values: unknown[] = []) => {
      const { name, text } = typeof statement === 'string' ? { name: undefined, text: statement } : statement;
      // parameters are pieces of buffers that are used again
      if (!text.includes('sluice.parked')) written.push({ name, text, values: values.map((one) => (Buffer.isBuffer(one) ? Buffer.from(one) : one)) });
      return { rows: [], rowCount: text.includes('sluice.parked') ? 0 : 1 };
  };
  const context = ledgerContext(call.pipeline, visitMigration(call.migration, call.way), '');
  const tx = new PostgresLanding({ query, ask: query } as never, context, {} as DerivingTransaction);
  return Object.assign(Object.create(ledger) as Ledger, {
    copyBatch: ledger.copyBatch.bind(ledger),
    landing: <T>(work: (landing: PostgresLanding) => Promise<T>) => work(tx),
  });
}

async function run(url: string, transactions: readonly Statement[][]): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  for (const statements of transactions) {
    await client.query('begin');
    for (const statement of statements) await client.query(statement);
    await client.query('commit');
  }
  await client.end();
}

await main(JSON.parse(process.argv[2] ?? '{}') as WorkerCall);
