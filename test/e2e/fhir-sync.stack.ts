import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { loadConfig } from '../../src/app/config.ts';
import type { Run } from '../../src/app/run.ts';
import { startSendRun } from '../../src/app/send-run.ts';
import { type FhirProxy, fhirProxy } from '../support/fhir-proxy.ts';
import { type Rig, startRig } from '../support/rig.ts';

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
    expect(await get('/metrics')).toMatch(/sluice_deliveries_total\{[^}]*result="retry"\} [1-9]/);
    const page = JSON.parse(await get('/status')) as { flows: { refused: object }[] };
    expect(page.flows.every(({ refused }) => Object.keys(refused).length === 0)).toBe(true);
    // each patient's documents went out in the order of their revisions: none was ever written over by an older one
    const late = await rig.open.pool.query(
      'select from sluice.document where acked is distinct from revision and target like $1',
      ['fhir.%'],
    );
    expect(late.rowCount).toBe(0);
  }, 240_000);

  test('has nothing to do where there are no such documents', async () => {
    await expect(startSendRun(rig.config, { migration: 'supabase', store: 'dynamodb', port: 0 })).rejects.toThrow(
      /has no documents for dynamodb/,
    );
  });
});
