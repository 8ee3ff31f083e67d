import Table from 'cli-table3';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { cpuSeconds, loadAverage, peakResidentMegabytes, postmasterPid, treeCpuSeconds } from '../../bench/usage.ts';
import { settledDifferences } from '../support/oracle.ts';
import { type Rig, startRig } from '../support/rig.ts';

const ROWS = Number(process.env.SLUICE_BENCH_ROWS ?? '1500');
const SENDERS = 4;
const BATCH = 40;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface Stage {
  readonly stage: string;
  readonly count: number;
  readonly what: string;
  readonly seconds: number;
}

/** The backlog of the whole `supabase` migration: joined flows into PostgreSQL, FHIR beside them. */
describe('the flows of supabase, working off a backlog', () => {
  let rig: Rig;
  let database: pg.Client;
  beforeAll(async () => {
    rig = await startRig(inject('stack'), { rows: ROWS, seed: 3n });
    database = new pg.Client(rig.variables.SLUICE_SERVICES_URL);
    await database.connect();
    // everything is in the topics before a worker starts
    await pause(3_000);
    for (let before = -1, now = 0; now !== before; await pause(2_000)) {
      before = now;
      now = await logLength();
    }
  }, 300_000);
  afterAll(async () => {
    await database.end();
    await rig.close();
  });

  async function logLength(): Promise<number> {
    const status = await rig.status();
    return status.flows.reduce((sum, { lagRecords }) => sum + (lagRecords ?? 0), 0);
  }
  const one = async (sql: string): Promise<number> => {
    const { rows } = await rig.open.pool.query<{ n: string }>(sql);
    return Number(rows[0]?.n ?? 0);
  };

  it('lands, derives and delivers it', async () => {
    const postmaster = await postmasterPid(database);
    const started = performance.now();
    const cpu = { postgres: treeCpuSeconds(postmaster) };
    const worker = rig.startWorker();
    const since = (): number => (performance.now() - started) / 1000;
    let [landed, derived] = [0, 0];
    for (;;) {
      const { flows } = await rig.status();
      const owed = (pick: (flow: (typeof flows)[number]) => number | null): number =>
        flows.reduce((sum, flow) => sum + (pick(flow) ?? 1), 0);
      const moved = await one('select count(*) as n from sluice.progress where next_offset > 0');
      if (moved > 0 && landed === 0 && owed(({ lagRecords }) => lagRecords) === 0) landed = since();
      if (landed > 0 && derived === 0 && owed(({ toDerive }) => toDerive) === 0) derived = since();
      if (derived > 0 && owed(({ toSend }) => toSend) === 0) break;
      await pause(200);
    }
    const delivered = since();
    const pid = worker.child.pid ?? 0;
    const spent = { worker: cpuSeconds(pid), postgres: treeCpuSeconds(postmaster) - cpu.postgres };
    const peak = peakResidentMegabytes(pid);
    expect(await settledDifferences(rig)).toEqual([]);
    const records = await one(`select sum(next_offset) as n from sluice.progress where topic not like '%heartbeat%'`);
    const documents = await one('select count(*) as n from sluice.document');
    const resources = await one('select count(*) as n from sluice.document where content is not null');
    worker.child.kill('SIGTERM');
    await worker.exited;
    const alone = await fhirAlone(Math.min(resources, 4_000));
    const stages: Stage[] = [
      { stage: 'landed', count: records, what: 'records', seconds: landed },
      { stage: 'derived', count: documents, what: 'documents', seconds: derived },
      { stage: 'delivered', count: resources, what: 'FHIR resources', seconds: delivered },
      { stage: 'the FHIR server alone', ...alone },
    ];
    const table = new Table({ head: ['', 'number', 'of', 's', 'a second'], style: { head: [], border: [] } });
    for (const { stage, count, what, seconds } of stages)
      table.push([stage, count, what, seconds.toFixed(1), Math.round(count / seconds)]);
    console.log(
      `${table.toString()}\nworker ${spent.worker.toFixed(1)} s CPU, PostgreSQL ${spent.postgres.toFixed(1)} s, ` +
        `peak ${peak} MB, load ${loadAverage()}; the seconds count from the worker's start`,
    );
  });

  /** The same resources under other ids, by plain PUTs in transactions: nothing guarded, nothing remembered. */
  async function fhirAlone(limit: number): Promise<Omit<Stage, 'stage'>> {
    const { rows } = await rig.open.pool.query<{ type: string; content: { id?: string } }>(
      `select substr(target, 6) as type, content from sluice.document
       where content is not null and target in ('fhir.Patient', 'fhir.Location', 'fhir.Provenance') limit $1`,
      [limit],
    );
    const entries = rows.map(({ type, content }, i) => {
      const id = `bench-${rig.config.prefix.slice(0, -1)}-${i}`;
      const { id: _, ...rest } = content as Record<string, unknown>;
      // references of a Provenance lead to resources that are there
      return { resource: { ...rest, id }, request: { method: 'PUT', url: `${type}/${id}` } };
    });
    const bundles: (typeof entries)[] = [];
    for (let i = 0; i < entries.length; i += BATCH) bundles.push(entries.slice(i, i + BATCH));
    const count = entries.length;
    const started = performance.now();
    const send = async (): Promise<void> => {
      for (let entry = bundles.pop(); entry; entry = bundles.pop()) {
        const body = JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry });
        const headers = { 'content-type': 'application/fhir+json' };
        const response = await fetch(inject('stack').fhir, { method: 'POST', headers, body });
        if (!response.ok) throw new Error(`the FHIR server answers ${response.status}`);
        await response.arrayBuffer();
      }
    };
    await Promise.all(Array.from({ length: SENDERS }, send));
    return { count, what: 'FHIR resources', seconds: (performance.now() - started) / 1000 };
  }
});
