import { expect, test, vi } from 'vitest';
import type { Chore } from '../../src/app/chore.ts';
import { observeSource } from '../../src/app/slot-watch.ts';
import type { Sweeper } from '../../src/app/sweeper.ts';
import { type Clock, type Meter, silentLog, silentMeter } from '../../src/core/index.ts';
import { readSlot } from '../../src/source/index.ts';
import { mini } from '../support/mini-migration.ts';

vi.mock('../../src/source/index.ts', async (load) => ({ ...(await load<object>()), readSlot: vi.fn() }));

test('a source that does not answer is told by when it last did', async () => {
  const slot = { ...{ server: 'x', active: true, walStatus: 'reserved', confirmed: '7' }, retained: '5' };
  vi.mocked(readSlot)
    .mockResolvedValueOnce({ ...slot, unconfirmed: '1', walLimit: '-1' })
    .mockRejectedValue(new Error('no connection'));
  const seen: number[] = [];
  const meter: Meter = {
    ...silentMeter,
    gauge: (name, _labels, value) => void (name === 'sluice_source_timestamp_seconds' && seen.push(value)),
  };
  const stopping = new AbortController();
  let now = 50_000;
  const clock: Clock = {
    now: () => now,
    async sleep() {
      now += 1_500;
      if (now > 55_000) stopping.abort();
    },
  };
  const nobody = { capture: async () => undefined };
  await observeSource(
    {
      ...{ config: { prefix: '', sourceUrl: () => '' }, migration: 'mini', probes: nobody, meter, clock },
      ...{ open: { name: 'mini', migration: mini, admin: {} }, log: silentLog, signal: stopping.signal },
    } as unknown as Chore,
    {} as Sweeper,
  );
  expect(vi.mocked(readSlot).mock.calls.length).toBeGreaterThan(2);
  expect(seen).toEqual([50]);
});
