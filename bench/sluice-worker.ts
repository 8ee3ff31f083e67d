import { systemClock } from '../src/app/clock.ts';
import { loadConfig } from '../src/app/config.ts';
import { createLog } from '../src/app/logger.ts';
import { createMetrics, initialiseCounters } from '../src/app/metrics.ts';
import type { OpenPipeline } from '../src/app/pipeline.ts';
import { openSource } from '../src/app/wire.ts';
import { WORKER_SETTINGS } from '../src/app/worker-settings.ts';
import { Worker } from '../src/pipeline/index.ts';
import { openLedger, openPool, PipelineAdmin } from '../src/sinks/postgres/index.ts';
import { addresses, stackSettings } from '../src/stack/index.ts';
import type { WorkerCall } from './sluice.ts';
import { visitMigration } from './visit.ts';

/** `sluice run` for the bench's migration: the same parts with the same settings, see src/app/run.ts. Answers how to end it. */
async function begin(call: WorkerCall): Promise<() => Promise<void>> {
  const migration = visitMigration(call.migration, call.way);
  const name = call.pipeline;
  const config = loadConfig(addresses(stackSettings()), { SLUICE_SERVICES_URL: call.servicesUrl });
  const pool = openPool(call.servicesUrl, 12);
  const ledger = openLedger(pool, { migration, pipeline: name, schemaSuffix: '' });
  const admin = new PipelineAdmin(pool, migration, name);
  const open: OpenPipeline = {
    migration,
    name,
    shadow: false,
    pool,
    ledger,
    admin,
    folders: [],
    close: () => pool.end(),
  };
  const log = createLog({ level: 'warn' }, { pipeline: name, worker: config.worker });
  const metrics = createMetrics('bench');
  initialiseCounters(metrics, name, migration);
  const source = openSource(config, open, log, (fatal) => {
    process.stderr.write(`${fatal.message}\n`);
    process.exit(1);
  });
  const context = { migration, ledger, log, meter: metrics, clock: systemClock, worker: config.worker };
  const worker = new Worker(context, source.client, source.decoder, new Map(), {
    flows: migration.flows,
    ...WORKER_SETTINGS,
  });
  await worker.start();
  return async () => {
    await worker.stop();
    await pool.end();
  };
}

let stop: (() => Promise<void>) | null = null;
let turn = Promise.resolve();

/** A call begins a run, null ends it; both are answered when done. The process stays, as a consumer's does, and Connect's. */
process.on('message', ({ call }: { call: WorkerCall | null }) => {
  turn = turn.then(async () => {
    await stop?.();
    stop = call === null ? null : await begin(call);
    process.send?.('done');
  });
});
process.once('disconnect', () => process.exit(0));
process.once('SIGTERM', () => process.exit(0));
