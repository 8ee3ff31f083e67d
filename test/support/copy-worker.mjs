// A worker of a migration that copies one table, in a process of its own so that it can be killed. What it is told comes
// as JSON: { name, servicesUrl, kafka, registry, copy }.
import { systemClock } from '../../dist/app/clock.js';
import { openSource } from '../../dist/app/wire.js';
import { copyFlow, silentLog, silentMeter } from '../../dist/core/index.js';
import { Worker } from '../../dist/pipeline/index.js';
import { openLedger, openPool } from '../../dist/sinks/postgres/index.js';

const { name, servicesUrl, kafka, registry, copy } = JSON.parse(process.argv[2] ?? '{}');
const flow = copyFlow(copy);
const migration = { name, tables: [{ name: copy.table, key: copy.key, links: {} }], flows: [flow], targetSchemas: [] };
const pool = openPool(servicesUrl, 8);
const ledger = openLedger(pool, { migration, pipeline: name, schemaSuffix: '' });
const worker = `worker-${process.pid}`;
const context = { migration, ledger, log: silentLog, meter: silentMeter, clock: systemClock, worker };
const open = { migration, name };
const source = openSource({ kafka, registry, absentColumns: new Set(), kafkaClient: 'fetch' }, open, silentLog, () =>
  process.exit(1),
);
const running = new Worker(context, source.client, source.decoder, new Map(), {
  flows: [flow],
  maxRows: 500,
  highBytes: 4 * 1024 * 1024,
  batchRoots: 10,
  deriversPerFlow: 1,
  sendersPerStore: 1,
  batchDocuments: 1,
  leaseSeconds: 10,
  waitingLimit: 1,
  heartbeatTables: [],
});
process.once('SIGTERM', async () => {
  await running.stop();
  await pool.end();
  process.exit(0);
});
await running.start();
