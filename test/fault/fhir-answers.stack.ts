import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { JsonObject } from '../../src/core/index.ts';
import { revisionOf } from '../../src/sinks/fhir/revision.ts';
import { type FhirProxy, fhirProxy, type Treatment } from '../support/fhir-proxy.ts';
import { settledDifferences } from '../support/oracle.ts';
import { type Rig, startRig, type WorkerProcess } from '../support/rig.ts';

const TYPES = ['Patient', 'QuestionnaireResponse', 'Appointment', 'ServiceRequest', 'DiagnosticReport'];

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('a FHIR server that answers as no one would wish', () => {
  let proxy: FhirProxy;
  let rig: Rig;
  let worker: WorkerProcess;
  const base = `https://${randomUUID()}.example/id/`;
  beforeAll(async () => {
    const stack = inject('stack');
    proxy = await fhirProxy(stack.fhir);
    const variables = { SLUICE_FHIR_URL: proxy.url, SLUICE_ID_BASE: base };
    rig = await startRig(stack, { rows: 16, seed: 71n, variables });
    worker = rig.startWorker();
    await rig.settled(90);
  }, 180_000);
  afterAll(async () => {
    await rig.close();
    await proxy.close();
  });

  const read = async (path: string): Promise<JsonObject> => {
    const answer = await fetch(`${inject('stack').fhir}/${path}`, { headers: { 'cache-control': 'no-cache' } });
    return (await answer.json()) as JsonObject;
  };
  const acknowledged = async (type: string): Promise<string[]> => {
    const found = await rig.open.pool.query<{ id: string }>(
      'select id from sluice.document where target = $1 and acked is not null order by revision desc, id',
      [`fhir.${type}`],
    );
    return found.rows.map(({ id }) => id);
  };

  /** The server keeps every version of a resource, so no moment is missed: no revision came late, none came twice. */
  async function historiesThatGoBack(): Promise<string[]> {
    const histories = TYPES.map(async (type) => {
      const found: string[] = [];
      for (const id of (await acknowledged(type)).slice(0, 12)) {
        const { entry } = (await read(`${type}/${id}/_history?_count=100`)) as { entry?: { resource: JsonObject }[] };
        const revisions = (entry ?? []).map(({ resource }) => revisionOf(resource) ?? -1n).reverse();
        const isRising = revisions.every((revision, i) => i === 0 || revision > (revisions[i - 1] as bigint));
        if (!isRising || revisions.length === 0) found.push(`${type} ${id}: ${revisions.join(' ')}`);
      }
      return found;
    });
    return (await Promise.all(histories)).flat();
  }

  /** How many resources bear an identifier of this rig, and how many documents they should be. */
  async function counts(type: string, system: string): Promise<[number, number]> {
    const { total } = await read(`${type}?identifier=${encodeURIComponent(`${base}${system}|`)}&_summary=count`);
    return [Number(total), (await acknowledged(type)).length];
  }

  async function recovers(seconds: number): Promise<void> {
    const started = Date.now();
    await rig.settled(seconds);
    console.log(`settled ${((Date.now() - started) / 1000).toFixed(1)} s after the end of the fault`);
    expect(await settledDifferences(rig)).toEqual([]);
    expect(await historiesThatGoBack()).toEqual([]);
    const [resources, documents] = await counts('Appointment', 'appointment');
    expect(resources).toBe(documents);
    const { halts, flows } = await rig.status();
    expect(halts).toEqual([]);
    expect(flows.filter(({ parked }) => parked > 0)).toEqual([]);
    expect(worker.child.exitCode).toBeNull();
  }

  const traffic = async (seconds: number): Promise<void> => {
    const done = await rig.sluice('traffic', 'supabase', '--rate', '30', '--for', `${seconds}s`, '--json');
    expect(done.code, done.err).toBe(0);
  };

  /** Every other write meets one of these, in turn. */
  async function trafficAgainst(seconds: number, treatments: readonly Treatment[]): Promise<void> {
    const from = proxy.heard.length;
    let met = 0;
    proxy.rule = (nth) => (nth % 2 === 0 ? 'pass' : (treatments[met++ % treatments.length] as Treatment));
    const unmet = (): Treatment[] => {
      const kinds = new Set(proxy.heard.slice(from).map(({ treatment }) => treatment));
      return treatments.filter((treatment) => !kinds.has(treatment));
    };
    await traffic(seconds);
    await expect.poll(unmet, { timeout: 60_000 }).toEqual([]);
    proxy.rule = () => 'pass';
  }

  it('refuses, fails or hangs up before anything is done', async () => {
    await trafficAgainst(6, [
      { status: 409 },
      { status: 412 },
      { status: 500 },
      { status: 503, headers: { 'retry-after': '1' } },
      'cut',
    ]);
    await recovers(90);
  }, 180_000);

  it('does the write, and nobody hears of it', async () => {
    await trafficAgainst(6, ['lose', { status: 504, done: true }, 'lose', { status: 500, done: true }]);
    await recovers(90);
  }, 180_000);

  it('asks for less load, and gets less', async () => {
    /** Over `seconds` from when the first of it arrives, however long that takes. */
    const perSecond = async (seconds: number): Promise<number> => {
      const silent = proxy.heard.length;
      const busy = traffic(seconds + 2);
      await expect.poll(() => proxy.heard.length, { timeout: 30_000, interval: 20 }).toBeGreaterThan(silent);
      const from = proxy.heard.length;
      await pause(seconds * 1000);
      const heard = proxy.heard.length - from;
      await busy;
      return heard / seconds;
    };
    const before = await perSecond(3);
    proxy.rule = () => ({ status: 429, headers: { 'retry-after': '2' } });
    // those under way when it began do not count
    await traffic(1);
    const during = await perSecond(4);
    proxy.rule = () => 'pass';
    console.log(`${before.toFixed(1)} writes a second before, ${during.toFixed(1)} while asked for less`);
    // a machine that is full lets little through before, too
    expect(during).toBeLessThan(Math.max(before / 2, 2));
    expect(during).toBeLessThan(3);
    await recovers(90);
  }, 180_000);

  it('hears a write after its sender was replaced, and refuses it', async () => {
    const { rows } = await rig.source.query<{ id: string }>('select id from public.appointments order by id limit 1');
    const { id: row } = rows[0] as { id: string };
    const say = (notes: string) =>
      rig.source.query('update public.appointments set notes = $1 where id = $2', [notes, row]);
    const target = await rig.open.pool.query<{ id: string }>(
      'select id from scheduling.appointment where legacy_id = $1',
      [row],
    );
    const stored = () => read(`Appointment/${target.rows[0]?.id}`);
    proxy.rule = (_, body) => (proxy.held.length === 0 && body.includes('said by the late one') ? 'hold' : 'pass');
    await say('said by the late one');
    await expect.poll(() => proxy.held.length, { timeout: 40_000 }).toBe(1);
    proxy.rule = () => 'pass';
    worker.child.kill('SIGSTOP');
    const second = rig.startWorker();
    await say('said later');
    await expect.poll(async () => (await stored())['comment'], { timeout: 60_000 }).toBe('said later');
    const before = await stored();

    expect([409, 412]).toContain(await proxy.held[0]?.());
    expect(await stored()).toEqual(before);

    worker.child.kill('SIGCONT');
    await traffic(2);
    await recovers(60);
    second.child.kill('SIGTERM');
    expect(await second.exited).toBe(0);
  }, 180_000);
});
