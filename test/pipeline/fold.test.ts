import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ChangeEvent, Image, LandedState, SourceTable } from '../../src/core/index.ts';
import { foldChanges, Subscriptions } from '../../src/pipeline/index.ts';
import { change, mini } from '../support/mini-migration.ts';

const subscriptions = new Subscriptions(mini);
const child = mini.tables[1] as SourceTable;

interface Kept {
  rows: Map<string, LandedState>;
  changes: Map<string, string>;
  moves: Set<string>;
}

const nothing = (): Kept => ({ rows: new Map(), changes: new Map(), moves: new Set() });

/** Folds events in pieces of the given size, as landing transactions would. */
function land(events: readonly ChangeEvent[], piece: number, kept: Kept = nothing()): Kept {
  for (let i = 0; i < events.length; i += piece) {
    const folded = foldChanges(
      { table: child, landed: kept.rows, doubtful: new Map(), events: events.slice(i, i + piece) },
      subscriptions,
    );
    for (const [key, row] of folded.rows) kept.rows.set(key, row);
    for (const c of folded.changes) kept.changes.set(`${c.key}/${c.entry}`, c.op);
    for (const m of folded.moves) kept.moves.add(`${m.entry}:${m.from}>${m.to}`);
  }
  return kept;
}

const images = (kept: Kept) =>
  Object.fromEntries([...kept.rows].sort().map(([key, row]) => [key, { image: row.image, deleted: row.deleted }]));

/** A legal history: changes of a few rows in commit order. */
const histories = fc
  .array(
    fc.record({
      key: fc.constantFrom('k1', 'k2', 'k3'),
      owner: fc.constantFrom('o1', 'o2'),
      note: fc.constantFrom('a', 'b', 'c'),
      gone: fc.boolean(),
    }),
    { maxLength: 25 },
  )
  .map((steps) => {
    const live = new Set<string>();
    const last = new Map<string, Image>();
    return steps.map(({ key, owner, note, gone }, i) => {
      const op = live.has(key) ? (gone ? 'd' : 'u') : 'c';
      const image: Image = op === 'd' ? (last.get(key) ?? {}) : { parent_id: 'p', owner, note };
      last.set(key, image);
      if (op === 'd') live.delete(key);
      else live.add(key);
      const b = BigInt(i + 1) * 10n;
      return change('public.child', op, key, image, { a: b - 5n, b, txId: BigInt(i + 1), offset: BigInt(i) });
    });
  });

describe('folding changes into landed rows', () => {
  test('pieces do not matter', () => {
    fc.assert(
      fc.property(histories, fc.integer({ min: 1, max: 7 }), (events, piece) => {
        const whole = land(events, 1_000);
        const pieces = land(events, piece);
        expect(images(pieces)).toEqual(images(whole));
        expect(pieces.changes).toEqual(whole.changes);
        expect(pieces.moves).toEqual(whole.moves);
      }),
    );
  });

  test('what the source sends again, at later offsets, changes nothing', () => {
    fc.assert(
      fc.property(histories, fc.nat(), fc.integer({ min: 1, max: 5 }), (events, from, piece) => {
        const start = events.length === 0 ? 0 : from % events.length;
        const resent = events.slice(start).map((event, i) => {
          const position = { ...event.position, offset: BigInt(events.length + i) };
          return { ...event, position };
        });
        const once = land(events, piece);
        const twice = land([...events, ...resent], piece);
        expect(images(twice)).toEqual(images(once));
        expect(twice.changes).toEqual(once.changes);
        expect(twice.moves).toEqual(once.moves);
      }),
    );
  });

  test('replaying the whole log over what is landed changes nothing', () => {
    fc.assert(
      fc.property(histories, (events) => {
        const live = land(events, 3);
        const before = { images: images(live), changes: new Map(live.changes) };
        land(events, 4, live);
        expect({ images: images(live), changes: live.changes }).toEqual(before);
      }),
    );
  });

  test('a snapshot read never hides a streamed change', () => {
    const streamed = change('public.child', 'u', 'k', { note: 'new' }, { a: -1n, b: 50n, offset: 9n });
    const read = change('public.child', 'r', 'k', { note: 'old' }, { phase: 0, a: -1n, b: 90n, txId: 1n, offset: 10n });
    expect(land([streamed, read], 1).rows.get('k')?.image.note).toBe('new');
    expect(land([read, streamed], 1).rows.get('k')?.image.note).toBe('new');
  });

  test('the old and the new value of a link are both marked', () => {
    const kept = land([change('public.child', 'c', 'k', { owner: 'o1', parent_id: 'p1' })], 1);
    const folded = foldChanges(
      {
        table: child,
        landed: kept.rows,
        doubtful: new Map(),
        events: [change('public.child', 'u', 'k', { owner: 'o2', parent_id: 'p1' })],
      },
      subscriptions,
    );
    const owners = folded.marks.filter((mark) => mark.flow === 'owners').map((mark) => mark.key);
    expect(owners.sort()).toEqual(['o1', 'o2']);
    expect(folded.moves).toHaveLength(1);
  });

  test('an unsent value keeps the landed one; without one the event is parked', () => {
    const first = change('public.child', 'c', 'k', { note: 'long', owner: 'o1' });
    const update = change('public.child', 'u', 'k', { owner: 'o2' }, { unsent: ['note'] });
    expect(land([first, update], 1).rows.get('k')?.image).toMatchObject({ note: 'long', owner: 'o2' });
    const alone = foldChanges(
      { table: child, landed: new Map(), doubtful: new Map(), events: [update] },
      subscriptions,
    );
    expect(alone.parked.map((parked) => parked.code)).toEqual(['TOAST_VALUE_UNKNOWN']);
    expect(alone.rows.size).toBe(0);
  });

  test('after a parked record only a complete image heals', () => {
    const kept = land([change('public.child', 'c', 'k', { note: 'v1' })], 1);
    const partial = change('public.child', 'u', 'k', {}, { unsent: ['note'] });
    const complete = change('public.child', 'u', 'k', { note: 'v3' });
    const input = { table: child, landed: kept.rows, doubtful: new Map([['k', -1n]]) };
    const held = foldChanges({ ...input, events: [partial] }, subscriptions);
    expect(held.parked).toHaveLength(1);
    expect(held.complete.size).toBe(0);
    const healed = foldChanges({ ...input, events: [partial, complete] }, subscriptions);
    expect([...healed.complete.keys()]).toEqual(['k']);
    expect(healed.rows.get('k')?.image.note).toBe('v3');
  });

  test('a deleted row keeps its last image', () => {
    const kept = land([change('public.child', 'c', 'k', { note: 'v1' }), change('public.child', 'd', 'k', {})], 1);
    expect(kept.rows.get('k')).toMatchObject({ deleted: true, image: { note: 'v1' } });
  });
});
