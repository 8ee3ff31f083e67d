import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { recordRun } from '../../../src/app/gates/record-run.ts';
import { p99Of, tallyMeter } from '../../../src/app/gates/tally.ts';
import type { FlowStatus, PipelineStatus } from '../../../src/app/status.ts';
import { type Clock, type Measurement, silentLog, silentMeter } from '../../../src/core/index.ts';
import { mini } from '../../support/mini-migration.ts';

const flow = (name: string, over: Partial<FlowStatus> = {}): FlowStatus => ({
  ...{
    flow: name,
    verdict: 'healthy',
    lagSeconds: 0,
    freshnessSeconds: 0,
    lagRecords: 0,
    landedPerSecond: 0,
    toDerive: 0,
    toSend: 0,
  },
  ...{
    documents: 7,
    parked: 0,
    oldestParkedSeconds: null,
    refused: {},
    waiting: 0,
    issues: 0,
    blame: null,
    reason: null,
  },
  ...over,
});

const standing = (flows: readonly FlowStatus[], heartbeatAgeSeconds: number | null = 1): PipelineStatus => ({
  pipeline: 'mini',
  heartbeatAgeSeconds,
  connector: 'RUNNING',
  halts: [],
  flows,
});

const WELL = standing([flow('parents'), flow('children')]);

/** Records for so many rounds; `round` happens before each. */
async function rounds(
  count: number,
  round: (n: number, tally: ReturnType<typeof tallyMeter>) => void,
  status = WELL,
  gaps = 0,
) {
  const tally = tallyMeter(silentMeter);
  const found: Measurement[][] = [];
  const stopping = new AbortController();
  let n = 0;
  round(0, tally);
  const clock: Clock = {
    now: () => n * 40_000,
    async sleep() {
      n += 1;
      round(n, tally);
      if (n >= count) stopping.abort();
    },
  };
  const measurements = {
    between: async () => [],
    async record(measured: readonly Measurement[]) {
      if (n === 1) throw new Error('away');
      found.push([...measured]);
    },
  };
  const place = { migration: 'mini', does: ['derive', 'deliver'] as const, log: silentLog, signal: stopping.signal };
  await recordRun({
    ...{ ...place, flows: mini.flows, tally, measurements, clock },
    ...{ status: async () => status, gaps: async () => gaps },
  });
  return found;
}

const of = (measured: readonly Measurement[] | undefined, figure: string, name = '') =>
  measured?.find((one) => one.figure === figure && one.flow === name);

describe('figures of a running process', () => {
  test('an idle round is recorded, too: without it there would be a hole', async () => {
    const [first] = await rounds(1, () => undefined);
    expect(of(first, 'cdc.lateRatio', 'parents')).toMatchObject({
      value: 0,
      sample: 0,
      source: 'run',
      migration: 'mini',
    });
    expect(of(first, 'writes.errorRatio')).toMatchObject({ value: 0, sample: 0 });
    expect(of(first, 'cdc.lagSeconds.p99', 'parents')).toBeUndefined();
    expect(of(first, 'bundles.invalid')).toMatchObject({ value: 0, sample: 7 });
    expect(of(first, 'cdc.heartbeatAgeSeconds')?.value).toBe(1);
    expect(of(first, 'cdc.openGaps')?.value).toBe(0);
  });

  test('lags by flow and way, writes by outcome; what could not be recorded comes with the next, and the rest at the end', async () => {
    const found = await rounds(3, (n, tally) => {
      const labels = { pipeline: 'mini', flow: 'children' };
      tally.observe('sluice_e2e_latency_seconds', { ...labels, target: 'postgres' }, n === 0 ? 5 : 5.001);
      tally.observe('sluice_e2e_latency_seconds', { ...labels, target: 'fhir.Basic' }, 0.2);
      tally.count('sluice_roots_total', { ...labels, result: 'derived' }, 3);
      tally.count('sluice_roots_total', { ...labels, result: 'waiting' });
      tally.count('sluice_target_writes_total', { ...labels, outcome: n === 2 ? 'retry' : 'applied' });
    });
    // round 1 was refused: its change came with round 2
    expect(found.map((one) => of(one, 'cdc.lateRatio', 'children'))).toMatchObject([
      { value: 0, sample: 1 },
      { value: 1, sample: 2 },
      { value: 1, sample: 1 },
    ]);
    expect(found.map((one) => of(one, 'cdc.lateDeliveryRatio', 'children')?.sample)).toEqual([1, 2, 1]);
    expect(found.map((one) => of(one, 'writes.errorRatio'))).toMatchObject([
      { value: 0, sample: 4 },
      { value: 1 / 8, sample: 8 },
      { value: 0, sample: 4 },
    ]);
    expect(of(found[1], 'cdc.lagSeconds.p99', 'children')?.value).toBe(5.001);
  });

  test('a deriving transaction that failed is as many failed writes as it had roots', async () => {
    const [first] = await rounds(1, (n, tally) => {
      if (n > 0) return;
      const labels = { pipeline: 'mini', flow: 'children' };
      tally.count('sluice_roots_total', { ...labels, result: 'failed' }, 3);
      tally.count('sluice_roots_total', { ...labels, result: 'derived' }, 3);
    });
    expect(of(first, 'writes.errorRatio')).toMatchObject({ value: 0.5, sample: 6 });
  });

  test('what cannot be known is not recorded, and what the server or validation refuses is', async () => {
    const refused = { DOCUMENT_INVALID: 2, TARGET_REFUSED: 1, FOREIGN_WRITER: 4 };
    const status = standing(
      [flow('parents', { lagSeconds: null }), flow('children', { refused, lagSeconds: 12 })],
      null,
    );
    const [first] = await rounds(1, () => undefined, status);
    expect(of(first, 'cdc.owedSeconds', 'parents')).toBeUndefined();
    expect(of(first, 'cdc.owedSeconds', 'children')?.value).toBe(12);
    expect(of(first, 'cdc.heartbeatAgeSeconds')).toBeUndefined();
    expect(of(first, 'bundles.invalid')).toMatchObject({ value: 3, sample: 7 });
  });

  test('p99 is never below what it is of, and no further than the end of its class', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 4000, noNaN: true }), { minLength: 1, maxLength: 300 }), (lags) => {
        const tally = tallyMeter(silentMeter);
        for (const lag of lags) tally.observe('sluice_e2e_latency_seconds', { flow: 'f', target: 'postgres' }, lag);
        const seen = tally.take().derived.get('f');
        const sorted = [...lags].sort((x, y) => x - y);
        const exact = sorted[Math.ceil(lags.length * 0.99) - 1] ?? 0;
        const told = seen ? p99Of(seen) : null;
        expect(told).toBeGreaterThanOrEqual(exact);
        expect(told).toBeLessThanOrEqual(sorted.at(-1) ?? 0);
        expect(seen?.late).toBe(lags.filter((lag) => lag > 5).length);
      }),
    );
  });
});
