import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { comparePositions, type Image } from '../../src/core/index.ts';
import type { RecordedLine } from '../support/capture.ts';
import {
  alive,
  byArrival,
  byLogPosition,
  byTheRule,
  fold,
  type PlacedEvent,
  placedEvents,
} from '../support/position-rule.ts';

const FOLDER = join(import.meta.dirname, '../fixtures/positions');

interface Recording {
  readonly name: string;
  readonly events: readonly PlacedEvent[];
  /** rows PostgreSQL held in the end, where the recording says so */
  readonly final: Readonly<Record<string, Image>> | null;
}

/** Recordings hold one topic each; lines of other kinds (offsets, heartbeats, transactions) have no row in them. */
async function read(name: string): Promise<Recording> {
  const lines = readFileSync(join(FOLDER, name), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const final = lines.find((line) => line.final !== undefined)?.final ?? null;
  const rows: RecordedLine[] = lines.filter((line) => line.value?.source && line.key !== null && line.value.op !== 'm');
  const keys = Object.keys(rows[0]?.key ?? {});
  return { name, events: rows.length === 0 ? [] : await placedEvents(rows, keys), final };
}

const recordings = await Promise.all(readdirSync(FOLDER).map(read));
const withRows = recordings.filter(({ events }) => events.length > 1);
const named = (start: string): Recording => {
  const found = recordings.find(({ name }) => name.startsWith(start));
  if (!found) throw new Error(`no recording ${start}`);
  return found;
};

/** Slots re-created under the old epoch: there a new epoch is what makes positions comparable. */
const isOneEpoch = ({ name }: Recording): boolean => !name.startsWith('5-');

describe('the position rule on what Debezium really sent', () => {
  it('has recordings of every kind to be right about', () => {
    expect(withRows.length).toBeGreaterThanOrEqual(18);
    const kinds = new Set(withRows.flatMap(({ events }) => events.map(({ snapshot }) => snapshot)));
    for (const kind of ['first', 'true', 'last', 'false', 'incremental']) expect(kinds).toContain(kind);
  });

  for (const recording of withRows.filter(isOneEpoch)) {
    const { name, events } = recording;
    const inLogOrder = alive(fold(events, byArrival));

    it(`${name}: in log order, twice and shuffled it comes to the same state`, () => {
      expect(alive(fold(events, byTheRule))).toEqual(inLogOrder);
      expect(alive(fold([...events, ...events], byTheRule))).toEqual(inLogOrder);
      fc.assert(
        fc.property(fc.shuffledSubarray([...events], { minLength: events.length }), (shuffled) => {
          expect(alive(fold(shuffled, byTheRule))).toEqual(inLogOrder);
        }),
        { numRuns: 60, seed: 4 },
      );
    });
  }

  it('orders any three events of a row without a cycle', () => {
    for (const { events } of withRows) {
      for (const key of new Set(events.map((event) => event.key))) {
        const own = events.filter((event) => event.key === key).slice(0, 30);
        for (const x of own)
          for (const y of own) {
            expect(Math.sign(comparePositions(x.position, y.position))).toBe(
              -Math.sign(comparePositions(y.position, x.position)) + 0,
            );
            for (const z of own)
              if (comparePositions(x.position, y.position) > 0 && comparePositions(y.position, z.position) > 0)
                expect(comparePositions(x.position, z.position)).toBeGreaterThan(0);
          }
      }
    }
  });

  it('what PostgreSQL held in the end is what comes out, where the recording kept it', () => {
    const kept = withRows.filter(({ final, name }) => final !== null && !name.startsWith('14-'));
    expect(kept.length).toBeGreaterThanOrEqual(3);
    for (const { events, final } of kept) {
      const state = alive(fold(events, byTheRule));
      expect(Object.keys(state).sort()).toEqual(Object.keys(final ?? {}).sort());
      for (const [key, image] of Object.entries(state)) expect(image.v).toBe(final?.[key]?.v);
    }
  });

  it('log position alone gets it wrong: this is why there is a rule', () => {
    const wrong = withRows
      .filter(isOneEpoch)
      .filter(
        ({ events }) =>
          JSON.stringify(alive(fold(events, byLogPosition))) !== JSON.stringify(alive(fold(events, byArrival))),
      );
    expect(wrong.map(({ name }) => name)).toContain('9-open-txn-across-initial-snapshot.jsonl');
    expect(wrong.map(({ name }) => name)).toContain('1-deferrable-key-lsn-vs-commit.jsonl');
  });
});

describe('what only the new recordings show', () => {
  it('keys of one row stay in one partition, and a moved key may change it', () => {
    const { events } = named('11-');
    const partitions = new Map<string, Set<number>>();
    for (const { key, partition } of events) partitions.set(key, (partitions.get(key) ?? new Set()).add(partition));
    expect([...partitions.values()].every((set) => set.size === 1)).toBe(true);
    expect(new Set(events.map(({ partition }) => partition)).size).toBe(4);
  });

  it('a large value that did not change is not sent, also under a new key', () => {
    const { events } = named('12-');
    const unsent = events.filter((event) => event.unsent.length > 0);
    expect(unsent.map(({ unsent: columns }) => columns)).toEqual(unsent.map(() => ['big']));
    const first = new Map(events.map((event) => [event.key, event] as const).reverse());
    expect([...first.values()].filter((event) => event.unsent.length > 0).map(({ key }) => key)).toEqual(['30']);
  });

  it('after a kill in an incremental snapshot, reads come again and streamed events win over them', () => {
    const { events } = named('13-');
    const reads = events.filter(({ snapshot }) => snapshot === 'incremental');
    expect(reads.length).toBeGreaterThan(20);
    expect(events.some(({ snapshot }) => snapshot === 'false')).toBe(true);
  });

  it('an interrupted initial snapshot is read again at a later position, and never tells of what was deleted between', () => {
    const { events, final } = named('14-');
    const reads = events.filter(({ position }) => position.phase === 0);
    const places = [...new Set(reads.map(({ position }) => position.b))].sort((x, y) => (x < y ? -1 : 1));
    expect(places.length).toBe(2);
    const newest = places[1] as bigint;
    const state = fold(events, byTheRule);
    const phantoms = Object.keys(alive(state)).filter((key) => !Object.hasOwn(final ?? {}, key));
    expect(phantoms.length, 'rows only a sweep can end').toBeGreaterThan(0);
    // exactly those that the second reading did not show: what `sweepTable` looks for
    const lastOf = new Map(events.map((event) => [event.key, event]));
    for (const key of phantoms) {
      expect(lastOf.get(key)?.position.phase).toBe(0);
      expect(lastOf.get(key)?.position.b).toBeLessThan(newest);
    }
  });

  it('nothing that streamed began before the last reading of its epoch: how an unannounced snapshot is told', () => {
    for (const { name, events } of withRows.filter(isOneEpoch)) {
      const read = events.filter(({ position }) => position.phase === 0).map(({ position }) => position.b);
      const began = events
        .filter(({ snapshot, position }) => snapshot === 'false' && position.a >= 0n)
        .map(({ position }) => position.a);
      for (const b of read)
        for (const a of began) expect(b <= a, `${name}: read at ${b}, streamed after ${a}`).toBe(true);
    }
  });
});
