import { describe, expect, test } from 'vitest';
import {
  type DerivingTransaction,
  type Flow,
  type Labels,
  type Ledger,
  SluiceError,
  silentLog,
  silentMeter,
} from '../../src/core/index.ts';
import { Deriver } from '../../src/pipeline/deriver.ts';
import { mini } from '../support/mini-migration.ts';

const parents = mini.flows.find(({ name }) => name === 'parents') as Flow;

/** A deriver of three marked roots whose transactions fail as told; `locking`: before they have locked anything. */
function rig(fault: (locking: boolean) => Error | null) {
  const counted: string[] = [];
  const meter = {
    ...silentMeter,
    count(name: string, { result = '' }: Labels, by = 1) {
      if (name === 'sluice_roots_total') counted.push(`${result} ${by}`);
    },
  };
  const check = (locking: boolean): void => {
    const error = fault(locking);
    if (error) throw error;
  };
  const tx = {
    async lock(_: Flow, keys: readonly string[]) {
      check(true);
      return keys
        .filter((key) => key !== 'elsewhere')
        .map((key) => ({ key, markIds: [1n], sourceTime: '2026-01-01T00:00:00Z' }));
    },
    aggregates: async () => new Map(),
    asOf: async () => '2026-01-01T00:00:00Z',
    firstRevision: async () => 1n,
    numbersOf: async () => [],
    documentsOf: async () => [],
    documentsById: async () => [],
    async writeState() {
      check(false);
      return [];
    },
    appendHistory: async () => undefined,
    changesRendered: async () => undefined,
    settle: async () => undefined,
    mark: async () => undefined,
    deleteMarks: async () => undefined,
  } as unknown as DerivingTransaction;
  const ledger = {
    pipeline: 'mini',
    deriving: <T>(work: (of: DerivingTransaction) => Promise<T>) => work(tx),
    halt: async () => undefined,
  } as unknown as Ledger;
  const clock = { now: () => 0, sleep: async () => undefined };
  const context = { migration: mini, ledger, log: silentLog, meter, clock, worker: 'w' };
  return { deriver: new Deriver(parents, context, { batchRoots: 10, parallel: 1 }, () => undefined), counted };
}

const KEYS = ['a', 'b', 'c'];

describe('roots whose transaction fails', () => {
  test('are failed writes, all that it had locked', async () => {
    const { deriver, counted } = rig((locking) => (locking ? null : new SluiceError('TARGET_OUT_OF_SPACE', 'full')));
    await expect(deriver.deriveKeys([...KEYS, 'elsewhere'])).rejects.toThrow('full');
    expect(counted).toEqual(['failed 3']);
  });

  test('are one at least: what could not be locked is not known', async () => {
    const { deriver, counted } = rig(() => new SluiceError('TARGET_UNAVAILABLE', 'away'));
    await expect(deriver.deriveKeys(KEYS)).rejects.toThrow('away');
    expect(counted).toEqual(['failed 1']);
  });

  test('are none that another worker holds, nor what a stop breaks off', async () => {
    let isStopped = false;
    const { deriver, counted } = rig(() => (isStopped ? new SluiceError('TARGET_UNAVAILABLE', 'away') : null));
    expect(await deriver.deriveKeys(['elsewhere'])).toBe(0);
    isStopped = true;
    deriver.stop();
    await expect(deriver.deriveKeys(KEYS)).rejects.toThrow('away');
    expect(counted).toEqual([]);
  });

  test('are counted as what becomes of them where one spoils the batch', async () => {
    let tries = 0;
    const { deriver, counted } = rig((locking) => {
      if (!locking) tries += 1;
      // together, and then the first of them alone
      return !locking && tries <= 2 ? new SluiceError('CONSTRAINT_VIOLATED', 'refused') : null;
    });
    expect(await deriver.deriveKeys(KEYS)).toBe(3);
    expect(counted).toEqual(['parked 1', 'derived 1', 'derived 1']);
  });
});
