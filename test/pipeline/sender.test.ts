import { describe, expect, it } from 'vitest';
import {
  type Intent,
  type Labels,
  type Ledger,
  type SettledIntent,
  type Sink,
  SluiceError,
  silentLog,
  silentMeter,
} from '../../src/core/index.ts';
import { Sender } from '../../src/pipeline/sender.ts';
import { mini } from '../support/mini-migration.ts';

const intent = (lane: number): Intent => ({
  target: 'fhir.Basic',
  id: `d${lane}`,
  revision: 1n,
  content: {},
  flow: 'children',
  root: `r${lane}`,
  orderKey: `o${lane}`,
  attempts: 0,
  sourceTime: '2026-01-01T00:00:00Z',
  waitedSeconds: 0,
});

/** A ledger with one document in each lane, and a sink that answers as told. */
function rig(answer: (id: string) => SettledIntent['outcome']) {
  const open = new Map(Array.from({ length: 8 }, (_, lane) => [lane, intent(lane)]));
  const settled: string[] = [];
  const ledger = {
    pipeline: 'mini',
    leaseLanes: async () => [...open.keys()],
    releaseLanes: async () => undefined,
    halt: async () => undefined,
    nextIntents: async (_: string, lanes: readonly number[]) => lanes.flatMap((lane) => open.get(lane) ?? []),
    async settleIntents(all: readonly SettledIntent[]) {
      for (const { intent: one, outcome } of all) {
        settled.push(`${one.id} ${outcome.kind}`);
        if (outcome.kind === 'applied') open.delete(Number(one.id.slice(1)));
      }
    },
  } as unknown as Ledger;
  const sink: Sink = {
    name: 'fhir',
    probe: async () => undefined,
    async deliver(batch) {
      // as a network would, lets others run meanwhile
      await new Promise((resolve) => setImmediate(resolve));
      return batch.map(({ id }) => answer(id));
    },
    read: async () => [],
    close: async () => undefined,
  };
  const pauses: number[] = [];
  const clock = {
    now: () => 0,
    async sleep(ms: number) {
      pauses.push(ms);
    },
  };
  const counted = new Map<string, number>();
  const meter = {
    ...silentMeter,
    count(name: string, { target, outcome }: Labels, by = 1) {
      if (name !== 'sluice_target_writes_total') return;
      counted.set(`${target} ${outcome}`, (counted.get(`${target} ${outcome}`) ?? 0) + by);
    },
  };
  const context = { migration: mini, ledger, log: silentLog, meter, clock, worker: 'w' };
  const options = { parallel: 4, batchDocuments: 10, leaseSeconds: 10, waitingLimit: 3 };
  return { sender: new Sender(sink, context, options), open, settled, pauses, counted };
}

async function runUntil(sender: Sender, truth: () => boolean): Promise<void> {
  const running = sender.run();
  await expect.poll(truth, { timeout: 5_000, interval: 5 }).toBe(true);
  sender.stop();
  await running;
}

describe('sending', () => {
  it('sends what is in every lane', async () => {
    const { sender, open } = rig(() => ({ kind: 'applied', etag: '1' }));
    await runUntil(sender, () => open.size === 0);
  });

  it('asked for less load it serves fewer at once, and still every lane in turn', async () => {
    const tried = new Set<string>();
    const { sender } = rig((id) => {
      tried.add(id);
      return { kind: 'retry', code: 'TARGET_BUSY', afterMs: 0, slowDown: true };
    });
    await runUntil(sender, () => tried.size === 8);
  });

  it('leaves a busy store alone for as long as it asks', async () => {
    let asked = 0;
    const { sender, pauses } = rig(() => {
      asked += 1;
      return { kind: 'retry', code: 'TARGET_BUSY', afterMs: 7_000, slowDown: true };
    });
    await runUntil(sender, () => pauses.length >= 4);
    // eight lanes at first, then half as many each time down to one group's two
    expect(asked).toBeLessThanOrEqual(8 + 2 * pauses.length);
    expect(new Set(pauses)).toEqual(new Set([7_000]));
  });

  it('counts each document of a batch that is refused as a whole as sent again, and sends it again', async () => {
    let refused = 0;
    const { sender, open, counted } = rig(() => {
      if (refused >= 3) return { kind: 'applied', etag: '1' };
      refused += 1;
      throw new SluiceError('UNAUTHORISED', 'the FHIR server answers 401');
    });
    await runUntil(sender, () => open.size === 0);
    // each of the four groups has two documents, and the first one refused ends its group's batch
    expect(counted).toEqual(
      new Map([
        ['fhir.Basic retry', 6],
        ['fhir.Basic applied', 8],
      ]),
    );
  });

  it('calls nothing failed that it was told to leave', async () => {
    const told = { stop: (): void => undefined };
    const { sender, counted, settled } = rig(() => {
      told.stop();
      return { kind: 'retry', code: 'TARGET_BUSY', afterMs: 100, slowDown: false };
    });
    told.stop = () => sender.stop();
    await sender.run();
    expect(settled.length).toBeGreaterThan(0);
    expect(counted).toEqual(new Map());
  });

  it('gives a document up that waits for ever', async () => {
    const { sender, settled, open } = rig(() => ({ kind: 'waiting', code: 'PARENT_MISSING' }));
    open.clear();
    open.set(1, { ...intent(1), attempts: 3 });
    await runUntil(sender, () => settled.includes('d1 park'));
  });
});
