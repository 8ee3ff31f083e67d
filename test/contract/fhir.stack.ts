import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { systemClock } from '../../src/app/clock.ts';
import { type Delivery, type JsonObject, type Sink, silentLog } from '../../src/core/index.ts';
import { createFhirSink, fhirIds } from '../../src/sinks/fhir/index.ts';
import { sinkContract } from './sink-contract.ts';

const open = (options: { transactionSize?: number; pipeline?: string } = {}): Sink =>
  createFhirSink({ baseUrl: inject('stack').fhir, pipeline: 'test', log: silentLog, clock: systemClock, ...options });

const patient = (id: string, text: string): JsonObject => ({ resourceType: 'Patient', id, name: [{ text }] });

const contract = (name: string, options: { transactionSize?: number }): void =>
  sinkContract(name, async () => ({
    sink: open(options),
    target: 'fhir.Patient',
    freshId: randomUUID,
    content: patient,
    impossible: (id) => ({ ...patient(id, 'x'), gender: 'not a gender' }),
    close: async () => undefined,
  }));

contract('FHIR in transactions', {});
contract('FHIR one by one', { transactionSize: 1 });

describe('a FHIR server whose rules differ from ours', () => {
  let sink: Sink;
  beforeAll(() => {
    sink = open();
  });
  afterAll(() => sink.close());

  const put = (path: string, body: JsonObject) =>
    fetch(`${inject('stack').fhir}/${path}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/fhir+json' },
      body: JSON.stringify(body),
    });
  const visit = (id: string, of: string): Delivery => ({
    target: 'fhir.QuestionnaireResponse',
    id,
    revision: 1n,
    content: {
      resourceType: 'QuestionnaireResponse',
      id,
      status: 'completed',
      subject: { reference: `Patient/${of}` },
    },
  });

  it('waits for a resource that is referred to, and goes on when it is there', async () => {
    const parent = randomUUID();
    const child = visit(randomUUID(), parent);
    expect(await sink.deliver([child])).toEqual([{ kind: 'waiting', code: 'PARENT_MISSING' }]);
    const both = [child, { target: 'fhir.Patient', id: parent, revision: 1n, content: patient(parent, 'Late') }];
    expect((await sink.deliver(both)).map(({ kind }) => kind)).toEqual(['applied', 'applied']);
  });

  it('holds up nobody for one that waits', async () => {
    const parent = randomUUID();
    const fresh = randomUUID();
    const good = { target: 'fhir.Patient', id: fresh, revision: 1n, content: patient(fresh, 'Good') };
    const batch = [visit(randomUUID(), parent), good, visit(randomUUID(), good.id)];
    const kinds = (await sink.deliver(batch)).map(({ kind }) => kind);
    expect(kinds).toEqual(['waiting', 'applied', 'applied']);
  });

  it('parks a resource that somebody else wrote, and leaves it alone', async () => {
    const id = randomUUID();
    await put(`Patient/${id}`, { ...patient(id, 'Foreign') });
    const [outcome] = await sink.deliver([{ target: 'fhir.Patient', id, revision: 5n, content: patient(id, 'Ours') }]);
    expect(outcome).toMatchObject({ kind: 'park', code: 'FOREIGN_WRITER' });
    expect((await sink.read('fhir.Patient', [id]))[0]?.content).toEqual(patient(id, 'Foreign'));
  });

  it('parks a resource that somebody deleted', async () => {
    const id = randomUUID();
    const ours = { target: 'fhir.Patient', id, revision: 1n, content: patient(id, 'Ours') };
    await sink.deliver([ours]);
    await fetch(`${inject('stack').fhir}/Patient/${id}`, { method: 'DELETE' });
    const [outcome] = await sink.deliver([{ ...ours, revision: 2n, etag: '1' }]);
    expect(outcome).toMatchObject({ kind: 'park', code: 'FOREIGN_WRITER' });
  });

  it('makes no new version of what is equal', async () => {
    const id = randomUUID();
    const ours = { target: 'fhir.Patient', id, revision: 1n, content: patient(id, 'Same') };
    await sink.deliver([ours]);
    expect(await sink.deliver([{ ...ours, etag: '1' }])).toEqual([{ kind: 'applied', etag: '1' }]);
  });

  it('never says a value of a refused resource', async () => {
    const id = randomUUID();
    const content = { ...patient(id, 'Secretperson'), birthDate: '31/12/1999' };
    const outcome = await sink.deliver([{ target: 'fhir.Patient', id, revision: 1n, content }]);
    expect(outcome[0]?.kind).toBe('park');
    expect(JSON.stringify(outcome)).not.toMatch(/Secretperson|31\/12/);
  });
});

describe('listing what a pipeline has written', () => {
  const headers = {};
  const listed = async (pipeline: string, resourceType: string): Promise<readonly string[]> => {
    const found: string[] = [];
    const baseUrl = inject('stack').fhir;
    for await (const page of fhirIds({ baseUrl, headers, pipeline, resourceType, pageSize: 2 })) {
      expect(page.length).toBeLessThanOrEqual(2);
      found.push(...page);
    }
    return found.sort();
  };

  it('names all of its own, over pages, and nobody else’s', async () => {
    const [ours, theirs] = [`ours_${randomUUID()}`, `theirs_${randomUUID()}`];
    const ids = Array.from({ length: 5 }, () => randomUUID()).sort();
    const delivery = (id: string): Delivery => ({
      target: 'fhir.Patient',
      id,
      revision: 1n,
      content: patient(id, 'Invented'),
    });
    const [mine, other] = [open({ pipeline: ours }), open({ pipeline: theirs })];
    await mine.deliver(ids.map(delivery));
    await other.deliver([delivery(randomUUID())]);
    expect(await listed(ours, 'Patient')).toEqual(ids);
    expect(await listed(ours, 'Appointment')).toEqual([]);
    const [copied = '', ...rest] = ids;
    const raw = (await (await fetch(`${inject('stack').fhir}/Patient/${copied}`)).json()) as JsonObject;
    const copy = randomUUID();
    await fetch(`${inject('stack').fhir}/Patient/${copy}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/fhir+json' },
      body: JSON.stringify({ ...raw, id: copy }),
    });
    await fetch(`${inject('stack').fhir}/Patient/${copied}`, { method: 'DELETE' });
    expect(await listed(ours, 'Patient')).toEqual([...rest, copy].sort());
    expect((await mine.read('fhir.Patient', [copy]))[0]?.content).toEqual(patient(copy, 'Invented'));
  });
});
