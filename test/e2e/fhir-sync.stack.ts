import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { loadConfig } from '../../src/app/config.ts';
import type { Run } from '../../src/app/run.ts';
import { startSendRun } from '../../src/app/send-run.ts';
import { type FhirProxy, fhirProxy } from '../support/fhir-proxy.ts';
import { settledDifferences } from '../support/oracle.ts';
import { type Rig, startRig, type WorkerProcess } from '../support/rig.ts';

let rig: Rig;
let proxy: FhirProxy;
let sync: Run | undefined;

beforeAll(async () => {
  proxy = await fhirProxy(inject('stack').fhir);
  rig = await startRig(inject('stack'), { rows: 14, variables: { SLUICE_FHIR_URL: proxy.url } });
}, 180_000);
afterAll(async () => {
  await sync?.stop();
  await rig.close();
  await proxy.close();
});

const get = async (path: string): Promise<string> => (await fetch(`http://127.0.0.1:${sync?.port}${path}`)).text();

describe('fhir-sync', () => {
  test('sends what others have derived, slower when it is asked to, and tells what was refused', async () => {
    // this one only lands and derives
    rig.startWorker(['--without', 'fhir']);
    const owing = async () => (await rig.status()).flows.reduce((sum, { toSend }) => sum + toSend, 0);
    await expect.poll(owing, { timeout: 90_000, interval: 500 }).toBeGreaterThan(20);
    expect(proxy.heard).toEqual([]);
    proxy.rule = (nth) =>
      nth < 3 ? { status: 429, headers: { 'retry-after': '1' } } : nth < 5 ? { status: 503 } : 'pass';
    const config = loadConfig(inject('stack'), {
      ...rig.variables,
      SLUICE_WORKER: 'fhir-sync',
      SLUICE_LOG_LEVEL: 'error',
    });
    sync = await startSendRun(config, { migration: 'supabase', store: 'fhir', port: 0 });
    await rig.settled(120);
    expect(proxy.heard.length).toBeGreaterThan(5);
    expect(await get('/health/ready')).toContain('"ready":true');
    const parked = await rig.open.pool.query(`select from sluice.parked where state = 'parked' and kind = 'document'`);
    expect(parked.rowCount).toBe(0);
    await expect
      .poll(() => get('/metrics'), { timeout: 15_000 })
      .toMatch(/sluice_refused\{pipeline="\w+",flow="appointments",code="DOCUMENT_INVALID"\} 0/);
    expect(await get('/metrics')).toMatch(/sluice_target_writes_total\{[^}]*outcome="retry"\} [1-9]/);
    const page = JSON.parse(await get('/status')) as { flows: { refused: object }[] };
    expect(page.flows.every(({ refused }) => Object.keys(refused).length === 0)).toBe(true);
    // each patient's documents went out in the order of their revisions: none was ever written over by an older one
    const late = await rig.open.pool.query(
      'select from sluice.document where acked is distinct from revision and target like $1',
      ['fhir.%'],
    );
    expect(late.rowCount).toBe(0);
    // and what gates are judged by was recorded by either process, and judged by the one that lands
    const { rows } = await rig.open.pool.query<{ figure: string }>(
      `select distinct figure from sluice.measurement where source = 'run'`,
    );
    expect(rows.map(({ figure }) => figure)).toEqual(
      expect.arrayContaining(['cdc.lateRatio', 'cdc.lateDeliveryRatio', 'cdc.owedSeconds', 'writes.errorRatio']),
    );
    const judged = await rig.open.pool.query<{ subject: string }>(
      `select distinct subject from sluice.gate_record where verdict = 'FAIL'`,
    );
    expect(judged.rowCount).toBe(5);
  }, 240_000);

  test('two of them part the patients; one that is killed takes nothing with it, and its successor goes on', async () => {
    await sync?.stop();
    sync = undefined;
    proxy.rule = () => 'pass';
    const people = (from: number) =>
      rig.source.query(
        `insert into public.submissions (first_name, surname, nhs_number, date_of_birth, email)
         select 'Two', 'Senders ' || n, null, '1990-02-03', 'two' || n || '@example.org'
         from generate_series($1::int, $1::int + 59) n`,
        [from],
      );
    const acked = async (): Promise<number> => {
      const found = await rig.open.pool.query<{ n: number }>(
        "select count(*)::int as n from sluice.document where target like 'fhir.%' and acked is not null",
      );
      return found.rows[0]?.n ?? 0;
    };
    const applied = async ({ port }: WorkerProcess): Promise<number> => {
      const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      const lines = [...page.matchAll(/^sluice_target_writes_total\{[^}]*outcome="applied"\} (\d+)/gm)];
      return lines.reduce((sum, [, n]) => sum + Number(n), 0);
    };
    const [first, second] = [rig.startFhirSync('sync-a'), rig.startFhirSync('sync-b')];
    const owners = async (): Promise<readonly string[]> => {
      const found = await rig.open.pool.query<{ owner: string }>(
        "select distinct owner from sluice.lane where owner <> '' and until > clock_timestamp() order by owner",
      );
      return found.rows.map(({ owner }) => owner);
    };
    await expect.poll(owners, { timeout: 60_000 }).toEqual(['sync-a', 'sync-b']);
    const before = await acked();
    await people(1);
    await expect.poll(acked, { timeout: 60_000, interval: 50 }).toBeGreaterThan(before + 10);
    // in the middle of what it does, with requests under way
    first.child.kill('SIGKILL');
    await first.exited;
    // newer words on patients whose older documents may be in the hands of the one that is gone
    await rig.source.query("update public.submissions set email = 'newer-' || email where first_name = 'Two'");
    const third = rig.startFhirSync('sync-a');
    await people(101);
    expect(await settledDifferences(rig, 120)).toEqual([]);
    expect(await applied(second)).toBeGreaterThan(0);
    expect(await applied(third)).toBeGreaterThan(0);
    const left = await rig.open.pool.query(
      `select from sluice.document where target like 'fhir.%' and acked is distinct from revision
       union all select from sluice.parked where state = 'parked'`,
    );
    expect(left.rowCount).toBe(0);
  }, 240_000);

  test('has nothing to do where there are no such documents', async () => {
    await expect(startSendRun(rig.config, { migration: 'supabase', store: 'dynamodb', port: 0 })).rejects.toThrow(
      /has no documents for dynamodb/,
    );
  });
});
