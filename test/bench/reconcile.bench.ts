import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import Table from 'cli-table3';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { BackendCpu } from '../../bench/backend-cpu.ts';
import { cpuSeconds, loadAverage } from '../../bench/usage.ts';
import { type Rig, startRig } from '../support/rig.ts';
import { urlOf } from '../support/service-database.ts';

const settingOf = (name: string, otherwise: string): number => Number(process.env[`SLUICE_BENCH_${name}`] ?? otherwise);
const ROWS = settingOf('ROWS', '2000');
const RATE = settingOf('RATE', '1000');
const SECONDS = settingOf('SECONDS', '30');
const ROUNDS = settingOf('ROUNDS', '3');
const WRITERS = 4;
const TICK_MS = 20;
/** so long reconciliation looks at what the load has left, and the run without it waits as long */
const TAIL_MS = 3_000;
const SLUICE = fileURLToPath(new URL('../../bin/sluice.js', import.meta.url));

/** One row each, committed by itself: what an application does most. */
const CHANGES = [
  ['public.appointments', 'notes'],
  ['public.submissions', 'other_triggers'],
  ['public.lab_orders', 'external_order_id'],
] as const;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const sum = (values: Iterable<number>): number => [...values].reduce((all, one) => all + one, 0);
const tableOf = (head: string[], rows: (string | number)[][]): string => {
  const table = new Table({ head, style: { head: [], border: [] } });
  table.push(...rows);
  return table.toString();
};
const percent = (share: number): string => `${(share * 100).toFixed(1)}%`;

interface Segment {
  readonly withIt: boolean;
  readonly rate: number;
  readonly cpu: ReadonlyMap<string, number>;
  readonly load: string;
}

/** What reconciliation costs the source, and how fast it reads; the worker runs beside it all the time, without FHIR. */
describe('what reconciliation costs', () => {
  let rig: Rig;
  const ids: (readonly string[])[] = [];
  const databases = { source: '', services: '' };
  beforeAll(async () => {
    rig = await startRig(inject('stack'), { rows: ROWS, seed: 5n });
    rig.startWorker(['--without', 'fhir']);
    await landedAll(240);
    for (const [table] of CHANGES) {
      const { rows } = await rig.source.query<{ id: string }>(`select id::text from ${table} order by id`);
      ids.push(rows.map(({ id }) => id));
    }
    for (const [name, url] of [
      ['source', rig.config.sourceUrl('supabase')],
      ['services', rig.config.servicesUrl],
    ] as const)
      databases[name] = new URL(url).pathname.slice(1);
  }, 300_000);
  afterAll(() => rig.close());

  /** Documents for FHIR stay where they are: nobody sends them here. */
  async function landedAll(seconds: number): Promise<void> {
    const { rows } = await rig.source.query<{ lsn: string }>('select pg_current_wal_insert_lsn()::text as lsn');
    for (const until = Date.now() + seconds * 1000; ; await pause(500)) {
      const passed = await rig.source.query<{ passed: boolean }>(
        'select confirmed_flush_lsn >= $2::pg_lsn as passed from pg_replication_slots where slot_name = $1',
        [`${rig.config.prefix}sluice_supabase`, rows[0]?.lsn],
      );
      const { flows } = await rig.status();
      const isDone = flows.every(({ lagRecords, toDerive }) => lagRecords === 0 && toDerive === 0);
      if (passed.rows[0]?.passed && isDone) return;
      if (Date.now() > until) throw new Error(`not landed and derived within ${seconds} s`);
    }
  }

  function spawnReconcile(...args: string[]): {
    child: ChildProcess;
    scanned: Promise<unknown>;
    ended: Promise<string>;
  } {
    const call = [SLUICE, 'reconcile', 'run', 'supabase', '--without', 'fhir', '--json', ...args];
    const child = spawn(process.execPath, call, { env: { ...process.env, ...rig.variables } });
    let out = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    child.stderr.resume();
    const scanned = new Promise((resolve) => child.stdout.once('data', resolve));
    return { child, scanned, ended: new Promise((resolve) => child.once('close', () => resolve(out))) };
  }

  /** Changes at the rate, over some connections; answers how many there were a second. */
  async function load(seconds: number): Promise<number> {
    const clients = await Promise.all(
      Array.from({ length: WRITERS }, async () => {
        const client = new pg.Client({
          connectionString: rig.config.sourceUrl('supabase'),
          application_name: 'writer',
        });
        await client.connect();
        return client;
      }),
    );
    const started = performance.now();
    const elapsed = (): number => (performance.now() - started) / 1000;
    let [begun, done] = [0, 0];
    const write = async (client: pg.Client): Promise<void> => {
      while (elapsed() < seconds) {
        if (begun >= elapsed() * RATE) {
          await pause(TICK_MS);
          continue;
        }
        const n = begun++;
        const [table, column] = CHANGES[n % CHANGES.length] as (typeof CHANGES)[number];
        const of = ids[n % CHANGES.length] ?? [];
        // a stride that meets every row before one comes again
        const id = of[Math.floor(n / CHANGES.length) % of.length];
        const text = `update ${table} set ${column} = $2 where id = $1`;
        await client.query({ name: table, text, values: [id, `bench ${n}`] });
        done += 1;
      }
    };
    await Promise.all(clients.map(write));
    const rate = done / elapsed();
    await Promise.all(clients.map((client) => client.end()));
    return rate;
  }

  async function segment(source: BackendCpu, withIt: boolean): Promise<Segment> {
    await landedAll(240);
    // about one scan in each measured time, many more than the pause of five minutes gives
    const reconcile = withIt ? spawnReconcile('--port', '0', '--every', String(Math.max(1, SECONDS - 5))) : null;
    // its start is not measured: a process that runs for weeks starts once
    await reconcile?.scanned;
    let rate = 0;
    const cpu = await source.during(async () => {
      rate = await load(SECONDS);
      await pause(TAIL_MS);
    });
    reconcile?.child.kill('SIGTERM');
    await reconcile?.ended;
    return { withIt, rate, cpu, load: loadAverage() };
  }

  it(`CPU of the source's backends, ${ROUNDS} paired rounds at ${RATE} changes a second`, async () => {
    const source = await BackendCpu.open(urlOf(inject('stack').postgres, 'postgres'), [databases.source]);
    const segments: Segment[] = [];
    for (let round = 0; round < ROUNDS; round += 1)
      for (const withIt of round % 2 === 0 ? [false, true] : [true, false])
        segments.push(await segment(source, withIt));
    await source.close();
    const names = [...new Set(segments.flatMap(({ cpu }) => [...cpu.keys()]))].sort();
    const rows = segments.map(({ withIt, rate, cpu, load }, i) => [
      Math.floor(i / 2) + 1,
      withIt ? 'with' : 'without',
      Math.round(rate),
      sum(cpu.values()).toFixed(2),
      ...names.map((name) => (cpu.get(name) ?? 0).toFixed(2)),
      load,
    ]);
    // by change, as no two runs come to the same number of them
    const perChange = ({ rate, cpu }: Segment): number => sum(cpu.values()) / (rate * SECONDS);
    const pairs = Array.from({ length: ROUNDS }, (_, round) => segments.slice(round * 2, round * 2 + 2)).map((pair) => {
      const [plain, looked] = [false, true].map((withIt) => pair.find((one) => one.withIt === withIt) as Segment);
      const own = looked?.cpu.get('sluice reconcile') ?? 0;
      return {
        whole: perChange(looked as Segment) / perChange(plain as Segment) - 1,
        own: own / (sum(looked?.cpu.values() ?? []) - own),
      };
    });
    const spread = (of: (pair: (typeof pairs)[number]) => number): string =>
      pairs.map((pair) => percent(of(pair))).join(', ');
    console.log(
      `${tableOf(['round', 'reconciliation', 'changes/s', "source's CPU s", ...names, 'load'], rows)}\n` +
        `with against without, CPU a change, by round: ${spread(({ whole }) => whole)}\n` +
        `reconciliation's own backends against all others, by round: ${spread(({ own }) => own)}`,
    );
    if (segments.some(({ rate }) => rate < RATE * 0.95))
      console.log(`the machine does not sustain ${RATE} changes a second; the rates are those it came to`);
    expect(segments.every(({ rate }) => rate > 0)).toBe(true);
  });

  it('rows a second of a scan, beside a plain checksum of both sides', async () => {
    await landedAll(240);
    const both = await BackendCpu.open(urlOf(inject('stack').postgres, 'postgres'), [
      databases.source,
      databases.services,
    ]);
    let out = '';
    let own = 0;
    const scanned = await both.during(async () => {
      const { child, ended } = spawnReconcile('--once');
      const watch = setInterval(() => {
        own = Math.max(own, cpuSeconds(child.pid ?? 0));
      }, 100);
      out = await ended;
      clearInterval(watch);
    });
    const round = JSON.parse(out.trim().split('\n').at(-1) ?? '{}') as {
      seconds: number;
      rows: number;
      flows: { compared: number }[];
    };
    const documents = sum(round.flows.map(({ compared }) => compared));
    let [rows, seconds] = [0, 0];
    const summed = await both.during(async () => {
      const started = performance.now();
      rows = await checksums();
      seconds = (performance.now() - started) / 1000;
    });
    await both.close();
    const cpuOf = (of: ReadonlyMap<string, number>): number =>
      sum([...of].filter(([who]) => isOurs(who)).map(([, s]) => s));
    const line = (what: string, count: number, took: number, postgres: number, process: number) => [
      what,
      count,
      took.toFixed(1),
      Math.round(count / took),
      postgres.toFixed(2),
      process.toFixed(1),
    ];
    console.log(
      tableOf(
        ['', 'rows', 's', 'rows/s', 'PostgreSQL CPU s', 'process CPU s'],
        [
          line('scan: source rows and documents', round.rows + documents, round.seconds, cpuOf(scanned), own),
          line('SQL: md5 over each row of all tables of both sides', rows, seconds, cpuOf(summed), 0),
        ],
      ),
    );
    expect(documents).toBeGreaterThan(0);
  });

  /** The worker and capture stand still then; what they ask is not counted. */
  const isOurs = (who: string): boolean => /^sluice reconcile|^sluice$|^checksum/.test(who);

  async function checksums(): Promise<number> {
    const { migration } = rig.open;
    const targets = migration.flows.flatMap((flow) => flow.targets.filter(({ kind }) => kind === 'postgres'));
    const [sources, services] = [
      migration.tables.map(({ name }) => name),
      [...new Set(targets.map(({ name }) => name))],
    ];
    let rows = 0;
    for (const [url, names] of [
      [rig.config.sourceUrl('supabase'), sources],
      [rig.config.servicesUrl, services],
    ] as const) {
      const client = new pg.Client({ connectionString: url, application_name: 'checksum' });
      await client.connect();
      for (const name of names) {
        const found = await client.query<{ n: string }>(
          `select count(*) as n, sum(('x' || left(md5(t::text), 15))::bit(60)::bigint) as checksum from ${name} t`,
        );
        rows += Number(found.rows[0]?.n ?? 0);
      }
      await client.end();
    }
    return rows;
  }
});
