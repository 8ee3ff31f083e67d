import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import Table from 'cli-table3';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { cpuSeconds, loadAverage, peakResidentMegabytes, postmasterPid, treeCpuSeconds } from '../../bench/usage.ts';
import { postgresSchema } from '../../src/app/pas/source-database.ts';
import { run, workFolder } from '../support/pas-run.ts';
import { type Rig, startRig } from '../support/rig.ts';

/** Patients of the runs over files: one run for each; the second shows whether memory grows, e.g. 20000,100000. */
const FILES = (process.env.SLUICE_BENCH_PATIENTS ?? '20000').split(',').map(Number);
/** Patients that are streamed. */
const STREAMED = Number(process.env.SLUICE_BENCH_STREAMED ?? '1500');
/** What the reference's contract step takes for 20,000 patients, strict: FACTS, section 12. */
const REFERENCE_CPU_SECONDS = 179;

const SLUICE = fileURLToPath(new URL('../../bin/sluice.js', import.meta.url));
const USAGE_AT_EXIT = `data:text/javascript,${encodeURIComponent(
  `import { writeFileSync } from 'node:fs';
   process.on('exit', () => writeFileSync(process.env.BENCH_USAGE, JSON.stringify(process.resourceUsage())));`,
)}`;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface Measured {
  readonly userSeconds: number;
  readonly systemSeconds: number;
  readonly seconds: number;
  readonly peakMegabytes: number;
}

/** A whole call of the built binary, from its start to its end. */
async function measured(usageFile: string, ...args: string[]): Promise<Measured> {
  const started = performance.now();
  const child = spawn(process.execPath, ['--import', USAGE_AT_EXIT, SLUICE, ...args], {
    env: { ...process.env, BENCH_USAGE: usageFile },
    stdio: ['ignore', 'ignore', 'ignore'],
  });
  const code = await new Promise((resolve) => child.once('exit', resolve));
  if (code !== 0) throw new Error(`sluice ${args.slice(0, 2).join(' ')} ended with ${code}`);
  const usage = JSON.parse(readFileSync(usageFile, 'utf8')) as NodeJS.ResourceUsage;
  return {
    userSeconds: usage.userCPUTime / 1e6,
    systemSeconds: usage.systemCPUTime / 1e6,
    seconds: (performance.now() - started) / 1000,
    peakMegabytes: Math.round(usage.maxRSS / 1024),
  };
}

const print = (head: readonly string[], rows: readonly (string | number)[][], below: string): void => {
  const table = new Table({ head: [...head], style: { head: [], border: [] } });
  table.push(...rows);
  console.log(`${table.toString()}\n${below}`);
};

describe('pas run, extract to gates', () => {
  const work = workFolder();
  afterAll(work.done);

  it('patients in files', async () => {
    const rows: (string | number)[][] = [];
    let share = '';
    for (const patients of FILES) {
      const [source, out, usage] = [
        work.place(`source-${patients}`),
        work.place(`out-${patients}`),
        work.place('usage'),
      ];
      await measured(usage, 'pas', 'generate', '--rows', String(patients), '--seed', '42', '--out-dir', source);
      const load = loadAverage();
      const options = ['--source-dir', source, '--out-dir', out, '--profile', 'development', '--test-data'];
      const one = await measured(usage, 'pas', 'run', ...options);
      const { figures } = JSON.parse(readFileSync(`${out}/quality.json`, 'utf8')) as {
        figures: { rowsWritten: number };
      };
      const cpu = one.userSeconds + one.systemSeconds;
      if (patients === 20_000)
        share = `${cpu.toFixed(1)} CPU s are ${(cpu / REFERENCE_CPU_SECONDS).toFixed(3)} of the reference's ${REFERENCE_CPU_SECONDS}; asked for: 0.1 at most`;
      rows.push([
        patients,
        figures.rowsWritten,
        one.userSeconds.toFixed(1),
        one.systemSeconds.toFixed(1),
        one.seconds.toFixed(1),
        one.peakMegabytes,
        load,
      ]);
    }
    print(['patients', 'rows written', 'user CPU s', 'system CPU s', 's', 'peak MB', 'load before'], rows, share);
  });
});

describe('V83 followed, from a backlog', () => {
  const work = workFolder();
  let rig: Rig;
  let database: pg.Client;
  beforeAll(async () => {
    rig = await startRig(inject('stack'), {
      migration: 'pas',
      rows: STREAMED,
      variables: { SLUICE_PAS_TEST_DATA: 'on' },
    });
    database = new pg.Client(rig.variables.SLUICE_SERVICES_URL);
    await database.connect();
    // everything is in the topics before the worker starts
    await pause(3_000);
    for (let before = -1, now = 0; now !== before; await pause(2_000)) {
      before = now;
      now = (await rig.status()).flows.reduce((sum, { lagRecords }) => sum + (lagRecords ?? 0), 0);
    }
  }, 300_000);
  afterAll(async () => {
    await database.end();
    await rig.close();
    work.done();
  });

  it('lands and derives it', async () => {
    const postmaster = await postmasterPid(database);
    const [before, load] = [treeCpuSeconds(postmaster), loadAverage()];
    const started = performance.now();
    const worker = rig.startWorker();
    for (;;) {
      const { flows } = await rig.status();
      const moved = await count(`select count(*) as n from sluice.progress where next_offset > 0`);
      const owed = flows.reduce((sum, flow) => sum + (flow.lagRecords ?? 1) + (flow.toDerive ?? 1), 0);
      if (moved > 0 && owed === 0) break;
      await pause(200);
    }
    const seconds = (performance.now() - started) / 1000;
    const pid = worker.child.pid ?? 0;
    const spent = { worker: cpuSeconds(pid), postgres: treeCpuSeconds(postmaster) - before };
    const peak = peakResidentMegabytes(pid);
    worker.child.kill('SIGTERM');
    await worker.exited;
    const records = await count(`select sum(next_offset) as n from sluice.progress where topic not like '%heartbeat%'`);
    const extract = postgresSchema(rig.config.sourceUrl('pas'), 'v83');
    const { quality } = await run(extract, work.place('run'));
    await extract.close();
    const documents = await loaded();
    const wanted = Number(quality?.figures.rowsWritten) + Number(quality?.figures.rejects);
    expect(documents, 'rows and refusals of `pas run` over the same tables').toBe(wanted);
    print(
      [
        'patients',
        'source rows',
        'rows and refusals',
        's',
        'a second',
        'worker CPU s',
        'ms CPU a row',
        'PostgreSQL CPU s',
        'peak MB',
      ],
      [
        [
          STREAMED,
          records,
          documents,
          seconds.toFixed(1),
          Math.round(documents / seconds),
          spent.worker.toFixed(1),
          ((spent.worker * 1000) / documents).toFixed(2),
          spent.postgres.toFixed(1),
          peak,
        ],
      ],
      `load before ${load}; the seconds count from the worker's start; PostgreSQL is the whole server`,
    );
  });

  async function loaded(): Promise<number> {
    const tables = await rig.open.pool.query<{ name: string }>(
      `select tablename as name from pg_tables where schemaname = 'pas184' and tablename <> 'schema_version'`,
    );
    let sum = 0;
    for (const { name } of tables.rows) sum += await count(`select count(*) as n from pas184.${name}`);
    return sum;
  }

  const count = async (sql: string): Promise<number> =>
    Number((await rig.open.pool.query<{ n: string }>(sql)).rows[0]?.n ?? 0);
});
