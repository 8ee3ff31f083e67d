import { inject } from 'vitest';
import { CRASH_POINTS } from './crash-points.ts';
import type { FhirProxy, Treatment } from './fhir-proxy.ts';
import { produce } from './poison.ts';
import { someRecords } from './raw-records.ts';
import type { Rig, WorkerProcess } from './rig.ts';

export interface Faulty {
  readonly rig: Rig;
  readonly proxy: FhirProxy;
  readonly random: () => number;
}

export interface Happened {
  readonly fault: string;
  /** where it struck: the place, pass or moment */
  readonly point: string;
  /** the worker that has lived through it; without one a new one has to go on */
  readonly survivor?: WorkerProcess;
}

type Fault = (faulty: Faulty) => Promise<Happened>;

const names = Object.keys(CRASH_POINTS);
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const between = (random: () => number, least: number, most: number): number =>
  least + Math.floor(random() * (most - least));
const oneOf = <T>(random: () => number, all: readonly T[]): T => all[Math.floor(random() * all.length)] as T;

/** Every worker bears one name, so that a successor need not wait for the leases of the dead. */
export const startOne = (rig: Rig, crashAt = 'none', name = 'one'): WorkerProcess => rig.startWorker([], crashAt, name);

async function kill(worker: WorkerProcess): Promise<void> {
  worker.child.kill('SIGKILL');
  await worker.exited;
}

/** A worker that dies at a named point, or, should the point not be reached in time, wherever it is. */
const crash: Fault = async ({ rig, random }) => {
  const name = oneOf(random, names);
  const pass = 1 + Math.floor(random() * (CRASH_POINTS[name] ?? 1));
  const worker = startOne(rig, `${name}:${pass}`);
  const isReached = await Promise.race([worker.exited.then(() => true), pause(10_000).then(() => false)]);
  await kill(worker);
  return { fault: 'kill -9', point: `${name}, pass ${pass}${isReached ? '' : ' (not reached, killed elsewhere)'}` };
};

const anywhere: Fault = async ({ rig, random }) => {
  const worker = startOne(rig);
  const ms = between(random, 500, 4_000);
  await pause(ms);
  await kill(worker);
  return { fault: 'kill -9', point: `after ${ms} ms` };
};

const drain: Fault = async ({ rig, random }) => {
  const worker = startOne(rig);
  const ms = between(random, 500, 4_000);
  await pause(ms);
  worker.child.kill('SIGTERM');
  await worker.exited;
  return { fault: 'SIGTERM', point: `after ${ms} ms` };
};

/** Two at once: the one asleep wakes with old work in its hands. */
const zombie: Fault = async ({ rig, random }) => {
  const sleeper = startOne(rig, 'none', 'sleeper');
  const ms = between(random, 1_500, 3_000);
  await pause(ms);
  sleeper.child.kill('SIGSTOP');
  const other = startOne(rig);
  await pause(2_500);
  sleeper.child.kill('SIGCONT');
  await pause(1_000);
  await Promise.all([kill(sleeper), kill(other)]);
  return { fault: 'asleep, replaced, awake, both killed', point: `after ${ms} ms` };
};

const connections: Fault = async ({ rig, random }) => {
  const survivor = startOne(rig);
  const ms = between(random, 1_500, 3_000);
  await pause(ms);
  const database = new URL(rig.config.servicesUrl).pathname.slice(1);
  await rig.source.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [database]);
  return { fault: 'all connections to the ledger cut', point: `after ${ms} ms`, survivor };
};

const UNWELCOME: readonly Treatment[] = [
  'cut',
  'lose',
  { status: 409 },
  { status: 412 },
  { status: 429, headers: { 'retry-after': '1' } },
  { status: 500 },
  { status: 503 },
  { status: 504, done: true },
];

const answers: Fault = async ({ rig, proxy, random }) => {
  const share = 0.2 + random() * 0.6;
  proxy.rule = () => (random() < share ? oneOf(random, UNWELCOME) : 'pass');
  const survivor = startOne(rig);
  await pause(4_000);
  proxy.rule = () => 'pass';
  return { fault: 'FHIR answers', point: `${Math.round(share * 100)} % of the writes`, survivor };
};

const TARGETS = ['scheduling.appointment', 'intake.submission', 'diagnostics.lab_order', 'sluice.document'];

const locks: Fault = async ({ rig, random }) => {
  const survivor = startOne(rig);
  await pause(between(random, 1_000, 2_000));
  const table = oneOf(random, TARGETS);
  const client = await rig.open.pool.connect();
  await client.query('begin');
  await client.query(`lock table ${table} in access exclusive mode`);
  await pause(2_000);
  await client.query('rollback');
  client.release();
  return { fault: 'a table is locked for 2 s', point: table, survivor };
};

const connectTask: Fault = async ({ rig, random }) => {
  const survivor = startOne(rig);
  const ms = between(random, 500, 2_500);
  await pause(ms);
  const name = `${rig.config.prefix}sluice-supabase`;
  const answer = await fetch(`${rig.config.connect}/connectors/${name}/restart?includeTasks=true`, { method: 'POST' });
  if (!answer.ok) throw new Error(`Connect answers ${answer.status}`);
  return { fault: 'Connect task restarted', point: `after ${ms} ms`, survivor };
};

const duplicates: Fault = async ({ rig, random }) => {
  const survivor = startOne(rig);
  const table = oneOf(random, ['submissions', 'appointments', 'lab_orders', 'lab_order_events']);
  const found = await someRecords(rig, table, random() * 0.9, 40);
  const again = found.map(({ partition, record: { key, value, headers } }) => ({ partition, key, value, headers }));
  await produce(inject('stack'), rig, table, again);
  return { fault: 'old records again', point: `${again.length} of ${table}`, survivor };
};

const SHARES: readonly (readonly [Fault, number])[] = [
  [crash, 0.56],
  [anywhere, 0.07],
  [drain, 0.06],
  [zombie, 0.06],
  [connections, 0.05],
  [answers, 0.07],
  [locks, 0.05],
  [connectTask, 0.04],
  [duplicates, 0.04],
];

export function pickFault(random: () => number): Fault {
  let draw = random();
  for (const [fault, share] of SHARES) {
    if (draw < share) return fault;
    draw -= share;
  }
  return crash;
}
