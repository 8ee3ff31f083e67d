import { describe, expect, test } from 'vitest';
import { isEvent, isQueue, isService, isTriage, OTHERWISE, readVectors, type Vector } from './vector-cases.ts';
import { compareFlow, runCase, runQueue, runTriage } from './vectors.ts';

const { isThere, reference, vectors } = readVectors();
const services = vectors.filter(isService);
const triage = vectors.filter(isTriage);
const events = vectors.filter(isEvent);
const queues = vectors.filter(isQueue);

type Found = readonly string[];

async function differing<V extends Vector>(cases: readonly V[], run: (one: V) => Found | Promise<Found>) {
  const all: Record<string, Found> = {};
  for (const one of cases) {
    const found = await run(one);
    if (found.length > 0) all[one.case] = found;
  }
  return all;
}

// another's measurement on the same cores must not fail it
const patience = { timeout: 120_000 };

describe.skipIf(!isThere)('the vectors of the reference', patience, () => {
  test(`each of ${services.length} services comes out as the reference says, but for those docs/dos.md names`, async () => {
    const found = await differing(services, (one) => runCase(one, reference));
    const unexplained = Object.entries(found).filter(([name]) => !OTHERWISE.includes(name));
    expect(Object.fromEntries(unexplained)).toEqual({});
    expect(Object.keys(found).sort()).toEqual(OTHERWISE);
    expect(services.length).toBeGreaterThan(500);
  });

  test('one expected value that is changed is told of', async () => {
    const [one] = services.filter(({ expected }) => expected.organisation !== null);
    if (one === undefined) throw new Error('there is no such case');
    const organisation = { ...one.expected.organisation, name: 'Somebody else' };
    const found = await runCase({ ...one, expected: { ...one.expected, organisation } }, reference);
    expect(found).toEqual([expect.stringMatching(/^organisation: .*Somebody else/)]);
  });

  test('the stream comes to the same items as the sync of a single service', async () => {
    const steps = ['sync', 'apply'];
    const comparableCases = services.filter(({ timeline }) => timeline.every(({ step }) => steps.includes(step.do)));
    expect(await differing(comparableCases, (one) => compareFlow(one, reference))).toEqual({});
    expect(comparableCases.length).toBeGreaterThan(500);
  });

  test(`each of ${triage.length} loads of triage codes comes out as the reference says`, async () => {
    expect(await differing(triage, runTriage)).toEqual({});
    expect(triage.length).toBeGreaterThan(10);
  });

  test(`each of ${queues.length} fillings of the queue does, and batches of messages are run on a server`, async () => {
    expect(await differing(queues, runQueue)).toEqual({});
    expect(services.length + triage.length + events.length + queues.length).toBe(vectors.length);
  });
});
