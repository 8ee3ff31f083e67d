import { randomUUID } from 'node:crypto';
import Table from 'cli-table3';
import { describe, expect, inject, it } from 'vitest';
import { loadAverage } from '../../bench/usage.ts';
import { systemClock } from '../../src/app/clock.ts';
import { type Delivery, type JsonObject, silentLog } from '../../src/core/index.ts';
import { supabase } from '../../src/migrations/supabase/index.ts';
import { createModel } from '../../src/pipeline/in-memory/index.ts';
import { makeBlock } from '../../src/rehearsal/supabase/generator.ts';
import { createFhirSink, validateResource } from '../../src/sinks/fhir/index.ts';

/** forms; a block of the seed holds no more */
const ROWS = Number(process.env.SLUICE_BENCH_ROWS ?? '25');
const ROUNDS = Number(process.env.SLUICE_BENCH_ROUNDS ?? '3');
/** as a worker has them */
const SENDERS = 4;
const BATCH = 40;
const TRANSACTION = 20;

/** Types in an order in which all they refer to is there before; those of a stage do not refer to each other. */
const STAGES = [
  ['Patient'],
  ['RelatedPerson', 'QuestionnaireResponse', 'Consent', 'Appointment', 'ServiceRequest', 'DocumentReference'],
  ['DiagnosticReport', 'CarePlan'],
  ['Task'],
  ['Provenance', 'AuditEvent'],
] as const;

interface Load {
  /** changes of source rows: what a bundle is made of one of */
  readonly bundles: number;
  readonly stages: readonly (readonly Delivery[])[];
}

/** What the rules make of seeded rows, under identities of its own, so that every round creates. */
function loadOf(namespace: string): Load {
  const model = createModel(supabase({ namespace }));
  const { rows } = makeBlock({ seed: 3n, rows: ROWS, dirty: 0.1, base: '2026-11-01T08:00:00.000Z' }, 0);
  let bundles = 0;
  for (const [table, list] of Object.entries(rows)) {
    if (table === 'public.appointment_requests') continue;
    for (const row of list as readonly { id: string }[]) {
      bundles += 1;
      const place = BigInt(bundles);
      model.apply({
        kind: 'change',
        table,
        key: row.id,
        op: 'c',
        before: null,
        after: row,
        unsent: [],
        position: { epoch: 1, phase: 1, a: place, b: place, txId: place, offset: place },
        sourceTime: '2026-11-01T09:00:00.000Z',
        origin: null,
      });
    }
  }
  model.derive('2026-11-01T10:00:00.000Z');
  const documents = model.documents();
  const stages = STAGES.map((types) =>
    types.flatMap((type) =>
      [...(documents.get(`fhir.${type}`)?.values() ?? [])].map(
        ({ target, id, content }): Delivery => ({ target, id, content, revision: 1n, etag: null }),
      ),
    ),
  );
  return { bundles, stages };
}

interface Measured {
  readonly way: string;
  readonly round: number;
  readonly bundles: number;
  readonly resources: number;
  readonly seconds: number;
  /** of this process: the server's is the same in kind on both sides */
  readonly cpuSeconds: number;
  readonly load: string;
}

const chunks = <T>(list: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size));

async function inParallel<T>(jobs: readonly T[], work: (job: T) => Promise<void>): Promise<void> {
  const left = [...jobs];
  const sender = async (): Promise<void> => {
    for (let job = left.shift(); job !== undefined; job = left.shift()) await work(job);
  };
  await Promise.all(Array.from({ length: SENDERS }, sender));
}

async function measured(way: string, round: number, load: Load, send: () => Promise<void>): Promise<Measured> {
  const [started, cpu] = [performance.now(), process.cpuUsage()];
  await send();
  const { user, system } = process.cpuUsage(cpu);
  const resources = load.stages.flat().length;
  const seconds = (performance.now() - started) / 1000;
  return {
    way,
    round,
    bundles: load.bundles,
    resources,
    seconds,
    cpuSeconds: (user + system) / 1e6,
    load: loadAverage(),
  };
}

/** As the worker sends: validated, guarded, revisions in them. */
async function sluice(round: number): Promise<Measured> {
  const load = loadOf(randomUUID());
  const sink = createFhirSink({ baseUrl: inject('stack').fhir, pipeline: 'test', log: silentLog, clock: systemClock });
  await sink.probe();
  const result = await measured('Sluice, validated and guarded', round, load, async () => {
    for (const stage of load.stages)
      await inParallel(chunks(stage, BATCH), async (batch) => {
        const outcomes = await sink.deliver(batch);
        expect(outcomes.filter(({ kind }) => kind !== 'applied')).toEqual([]);
      });
  });
  await sink.close();
  return result;
}

/** The same resources under other ids, their requests ready as text: plain PUTs, nothing looked at, nothing guarded. */
async function serverAlone(round: number): Promise<Measured> {
  const load = loadOf(randomUUID());
  const requests = load.stages.map((stage) =>
    chunks(stage, TRANSACTION).map((some) => {
      const entry = some.map(({ target, id, content }) => ({
        resource: { ...content, id },
        request: { method: 'PUT', url: `${target.slice('fhir.'.length)}/${id}` },
      }));
      return JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry });
    }),
  );
  return measured('the FHIR server alone', round, load, async () => {
    for (const stage of requests)
      await inParallel(stage, async (body) => {
        const headers = { 'content-type': 'application/fhir+json' };
        const response = await fetch(inject('stack').fhir, { method: 'POST', headers, body });
        expect(response.status).toBe(200);
        await response.arrayBuffer();
      });
  });
}

/** What validation alone takes of it. */
function validationAlone(): { readonly resources: number; readonly cpuSeconds: number; readonly bundles: number } {
  const load = loadOf(randomUUID());
  const all = load.stages.flat().map(({ content }) => content as JsonObject);
  const cpu = process.cpuUsage();
  for (const content of all) expect(validateResource(content).length).toBe(0);
  const { user, system } = process.cpuUsage(cpu);
  return { resources: all.length, bundles: load.bundles, cpuSeconds: (user + system) / 1e6 };
}

describe('delivery to the FHIR server', () => {
  it('with validation on, beside what the server takes by itself', async () => {
    // one of each that is not counted: both compilers are warm then
    await sluice(0);
    await serverAlone(0);
    const rounds: Measured[] = [];
    for (let round = 1; round <= ROUNDS; round += 1) {
      // who goes first has the server as the other left it
      const ways = round % 2 === 1 ? [sluice, serverAlone] : [serverAlone, sluice];
      for (const way of ways) rounds.push(await way(round));
    }
    const validation = validationAlone();
    const head = ['round', '', 'bundles/s', 'resources/s', 'CPU s per 1,000 bundles', 'load'];
    const table = new Table({ head, style: { head: [], border: [] } });
    for (const { way, round, bundles, resources, seconds, cpuSeconds, load } of rounds)
      table.push([
        round,
        way,
        (bundles / seconds).toFixed(1),
        (resources / seconds).toFixed(0),
        ((cpuSeconds / bundles) * 1000).toFixed(2),
        load,
      ]);
    const [first] = rounds;
    console.log(
      `${table.toString()}\n${first?.bundles} bundles, ${first?.resources} resources a round; validation alone ` +
        `${((validation.cpuSeconds / validation.bundles) * 1000).toFixed(2)} CPU s per 1,000 bundles`,
    );
  });
});
