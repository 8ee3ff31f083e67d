import { describe, expect, it } from 'vitest';
import { lookAtRoots } from '../../../src/app/reconcile/look.ts';
import { scanRound } from '../../../src/app/reconcile/round.ts';
import { SluiceError, type Target, type TargetReader, type WantedDocument } from '../../../src/core/index.ts';
import { fakeFlow, fakeReconciling, rightPair } from '../../support/fake-reconciling.ts';

const signal = new AbortController().signal;
const flows = [fakeFlow('a', true), fakeFlow('b')];
const roots = ['1', '2', '3'];

/** A FHIR server that fails so often, then answers. */
const failing = (times: number) => {
  let left = times;
  const asked: number[] = [];
  const fhir: TargetReader = {
    pairs: async (_, wanted) => {
      asked.push(wanted.length);
      if (left-- > 0) throw new SluiceError('TARGET_UNAVAILABLE', 'the FHIR server answers 503');
      return wanted.map(rightPair);
    },
    ids: () => null,
  };
  return { fhir, asked };
};
const figuresOf = (recorded: readonly string[], flow: string) =>
  recorded.filter((line) => line.startsWith(`${flow} `)).length;

describe('a target that is away', () => {
  it('keeps no other flow from being scanned, and nothing is recorded of its own', async () => {
    const { parts, recorded } = fakeReconciling({ flows, roots, fhir: failing(1_000).fhir });
    const round = await scanRound(parts, { flows, signal });
    expect([...round.failed].map(([flow, { code }]) => [flow, code])).toEqual([['a', 'TARGET_UNAVAILABLE']]);
    expect([...round.flows.keys()]).toEqual(['b']);
    expect(round.flows.get('b')).toMatchObject({ compared: 3, unverified: 0 });
    expect(figuresOf(recorded, 'b')).toBeGreaterThan(0);
    // no figure of what was not compared, and none of all, for it would be one of some
    expect([figuresOf(recorded, 'a'), figuresOf(recorded, '')]).toEqual([0, 0]);
  });

  it('leaves the tables of the same flow to be compared', async () => {
    const pairs = ({ name }: Target, wanted: readonly WantedDocument[]) =>
      wanted.map((one) => (name === 'a.doc' && one.id === '2' ? { ...rightPair(one), actual: null } : rightPair(one)));
    const { parts, findings } = fakeReconciling({ flows, roots, fhir: failing(1_000).fhir, pairs });
    await scanRound(parts, { flows, signal });
    expect(findings.told).toEqual(['a.doc 2 missing confirmed']);
  });

  it('is asked once in each pass, and a moment without it costs nothing', async () => {
    const many = Array.from({ length: 450 }, (_, i) => String(1_000 + i));
    const away = failing(1_000);
    await scanRound(fakeReconciling({ flows, roots: many, fhir: away.fhir }).parts, { flows, signal });
    expect(away.asked).toHaveLength(7);
    const back = failing(1);
    const { parts, recorded } = fakeReconciling({ flows, roots: many, fhir: back.fhir });
    const round = await scanRound(parts, { flows, signal });
    expect(round.failed.size).toBe(0);
    expect(round.flows.get('a')).toMatchObject({ compared: 900, unverified: 0, hot: 0 });
    expect(figuresOf(recorded, '')).toBeGreaterThan(0);
  });
});

it('says nothing of any flow without the source, and compares documents all the same', async () => {
  const { parts, recorded } = fakeReconciling({ flows, roots, fhir: failing(0).fhir });
  const range = async () => {
    throw new SluiceError('SOURCE_UNAVAILABLE', 'no answer');
  };
  const compared: number[] = [];
  const without = {
    ...parts,
    source: { ...parts.source, range },
    onCompared: (...[, , , n]: [string, string, string, number]) => void compared.push(n),
  };
  const round = await scanRound(without, { flows, signal });
  expect([...round.failed.keys()]).toEqual(['a', 'b']);
  expect(recorded).toEqual([]);
  expect(compared).toEqual([3, 3, 3]);
});

it('leaves out alone what its target refuses to read', async () => {
  const { parts } = fakeReconciling({
    flows,
    roots,
    fhir: {
      pairs: async (_, wanted) => {
        if (wanted.some(({ id }) => id === '2')) throw new SluiceError('TARGET_REFUSED', 'not this one');
        return wanted.map(rightPair);
      },
      ids: () => null,
    },
    // a table answers nothing of a content that a column's type refuses
    pairs: (_, wanted) => wanted.filter(({ id }) => id !== '3').map(rightPair),
  });
  const look = await lookAtRoots(parts, flows[0] as (typeof flows)[0], roots);
  expect(look.documents.map(({ target, id }) => `${target} ${id}`).sort()).toEqual([
    'a.doc 1',
    'a.doc 2',
    'fhir.a 1',
    'fhir.a 3',
  ]);
  expect([...look.unverified].sort()).toEqual(['2', '3']);
  expect(look.unread.size).toBe(0);
});
