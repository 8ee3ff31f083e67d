import { describe, expect, test } from 'vitest';
import { deriveLive } from '../../src/app/derive-live.ts';
import type { OpenPipeline } from '../../src/app/pipeline.ts';
import {
  type Clock,
  type DerivingTransaction,
  type ErrorCode,
  type Flow,
  SluiceError,
  silentLog,
} from '../../src/core/index.ts';

const flow = (name: string): Flow => ({
  name,
  root: { table: 'public.thing' },
  parts: [],
  targets: [{ kind: 'postgres', name: 'mini.thing', key: ['id'], mode: 'state' }],
  transform: ({ key }) => {
    if (key.startsWith('bad')) throw new SluiceError('ROW_INVALID', 'not allowed');
    return { documents: [{ target: 'mini.thing', id: key, content: { id: key } }], issues: [] };
  },
});

/** A live pipeline of marks alone; what others do happens while the replay waits. An hour of waiting is no end. */
function rig(others: (live: ReturnType<typeof marksOf>) => void = () => undefined) {
  const live = marksOf();
  const told = { bound: 0n, beyond: 0, halts: 0, waitedMs: 0 };
  const faults: ErrorCode[] = [];
  const halted = new Set<string>();
  const held = new Set<string>();
  const tx = {
    lock: async (of: Flow, keys: readonly string[]) =>
      keys
        .filter((key) => !held.has(key))
        .map((key) => {
          const markIds = live.of(of.name, (mark) => mark.key === key).map(({ id }) => id);
          return { key, markIds, sourceTime: '2026-01-01T00:00:00Z' };
        }),
    aggregates: async (_: Flow, keys: readonly string[]) =>
      new Map(keys.map((key) => [key, { key, root: { deleted: false, image: {} }, parts: {} }])),
    asOf: async () => '2026-01-01T00:00:00Z',
    firstRevision: async () => 1n,
    documentsOf: async () => [],
    documentsById: async () => [],
    writeState: async () => [],
    appendHistory: async () => undefined,
    changesRendered: async () => undefined,
    settle: async () => undefined,
    mark: async () => undefined,
    async deleteMarks(ids: readonly bigint[]) {
      told.beyond += ids.filter((id) => id > told.bound).length;
      for (const id of ids) live.marks.delete(id);
    },
  } as unknown as DerivingTransaction;
  const ledger = {
    pipeline: 'mini',
    halts: async () => [...halted].map((scope) => ({ scope })),
    async halt() {
      told.halts += 1;
    },
    tick: async () => 0,
    expandMarks: async () => 0,
    async markedRoots(name: string, limit: number, after: bigint, upTo: bigint) {
      const found = live.of(name, ({ id }) => id > after && id <= upTo).slice(0, limit);
      return { keys: found.map(({ key }) => key), last: found.at(-1)?.id ?? after };
    },
    async deriving<T>(work: (of: DerivingTransaction) => Promise<T>) {
      const code = faults.shift();
      if (code) throw new SluiceError(code, 'told to');
      return work(tx);
    },
  };
  const admin = {
    async newestMark(names: readonly string[]) {
      const ids = names.flatMap((name) => live.of(name, () => true).map(({ id }) => id));
      const newest = ids.sort((x, y) => Number(x - y)).at(-1) ?? null;
      told.bound = newest ?? told.bound;
      return newest;
    },
    marksUpTo: async (names: readonly string[], upTo: bigint) =>
      names.flatMap((name) => live.of(name, ({ id }) => id <= upTo)).length,
  };
  const clock: Clock = {
    now: () => 0,
    async sleep(ms) {
      told.waitedMs += ms;
      if (told.waitedMs > 3_600_000) throw new Error('it does not end');
      others(live);
    },
  };
  const migration = { name: 'mini', tables: [], flows: [flow('one'), flow('two')], targetSchemas: [] };
  const open = { migration, ledger, admin } as unknown as OpenPipeline;
  return { live, told, faults, halted, held, derive: () => deriveLive(open, undefined, silentLog, clock) };
}

function marksOf() {
  let last = 0n;
  const marks = new Map<bigint, { readonly id: bigint; readonly flow: string; readonly key: string }>();
  return {
    marks,
    add(name: string, ...keys: readonly string[]) {
      for (const key of keys) {
        last += 1n;
        marks.set(last, { id: last, flow: name, key });
      }
    },
    of: (name: string, isWanted: (mark: { id: bigint; key: string }) => boolean) =>
      [...marks.values()].filter((mark) => mark.flow === name && isWanted(mark)),
    oldest: () => [...marks.keys()].slice(0, 1),
  };
}

const keys = (count: number, prefix = 'k'): string[] => Array.from({ length: count }, (_, i) => `${prefix}${i}`);

describe('deriving into live', () => {
  test('ends while traffic goes on, and leaves to a worker what a worker does', async () => {
    let changes = 0;
    const { live, told, derive } = rig((now) => {
      changes += 1;
      now.add('one', `live${changes}`);
      for (const id of now.oldest()) now.marks.delete(id);
    });
    live.add('one', ...keys(30));
    expect(await derive()).toEqual({ written: 0, left: 0 });
    expect(live.marks.size).toBeGreaterThan(0);
    expect(told.waitedMs).toBeGreaterThanOrEqual(30 * 250);
  });

  test('where no worker is it derives what it found, and nothing that came later', async () => {
    const { live, told, derive } = rig((now) => now.add('two', `live${now.marks.size}`));
    live.add('one', ...keys(250));
    live.add('two', 'k');
    expect(await derive()).toMatchObject({ left: 0 });
    expect(live.of('one', () => true)).toEqual([]);
    expect(told.beyond).toBe(0);
  });

  test('counts what it has written itself, and that alone', async () => {
    const { live, derive } = rig();
    live.add('one', ...keys(3));
    expect(await derive()).toEqual({ written: 3, left: 0 });
  });

  test('outlasts what passes', async () => {
    const { live, faults, derive } = rig();
    live.add('one', ...keys(3));
    faults.push('TARGET_UNAVAILABLE', 'TARGET_BUSY', 'TARGET_OUT_OF_SPACE');
    expect(await derive()).toEqual({ written: 3, left: 0 });
    faults.push('INTERNAL');
    live.add('one', 'k');
    await expect(derive()).rejects.toThrow('told to');
  });

  test('stops at a rule that fails on most roots, and halts no live flow', async () => {
    const { live, told, derive } = rig();
    live.add('one', ...keys(300, 'bad'));
    await expect(derive()).rejects.toMatchObject({ code: 'BREAKER_OPEN' });
    expect(told.halts).toBe(0);
    expect(live.marks.size).toBeGreaterThan(0);
  });

  test('leaves a halted flow as it is, and tells what is left of it', async () => {
    const { live, halted, derive } = rig();
    halted.add('one');
    live.add('one', ...keys(4));
    live.add('two', 'k');
    expect(await derive()).toEqual({ written: 1, left: 4 });
  });

  test('does not wait for ever for a root that somebody holds on to', async () => {
    const { live, held, derive } = rig();
    held.add('k1');
    live.add('one', ...keys(3));
    expect(await derive()).toEqual({ written: 2, left: 1 });
  });
});
