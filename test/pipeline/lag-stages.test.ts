import { describe, expect, test } from 'vitest';
import { tallyMeter } from '../../src/app/gates/tally.ts';
import { createMetrics } from '../../src/app/metrics.ts';
import { type Labels, type Ledger, type Meter, silentLog, silentMeter } from '../../src/core/index.ts';
import { LagStages } from '../../src/pipeline/lag-stages.ts';
import { evenly } from '../../src/pipeline/lander.ts';
import { mini } from '../support/mini-migration.ts';

function stagesAt(now: number) {
  const seen: [string, string, string, number][] = [];
  const observe = (name: string, labels: Labels, value: number): void =>
    void seen.push([name, labels.flow ?? '', labels.stage ?? '', value]);
  return { stages: stagesWith({ ...silentMeter, observe }, now), seen };
}

function stagesWith(meter: Meter, now: number): LagStages {
  const clock = { now: () => now, sleep: async () => undefined };
  const ledger = { pipeline: 'mini' } as Ledger;
  return new LagStages({ migration: mini, ledger, log: silentLog, meter, clock, worker: 'w' }, mini.flows);
}

const place = (table: string) => ({ topic: `mini.${table}`, partition: 0, table });

describe('the stages of a change up to its landing', () => {
  test('add up to its whole way, for each flow that is made of its table', () => {
    const { stages, seen } = stagesAt(10_000);
    stages.landed(
      place('public.child'),
      { times: [{ sourceMs: 1_000, connectorMs: 2_500, logMs: 3_000 }], streamed: 1 },
      8_500,
    );
    const flows = new Set(seen.map(([, flow]) => flow));
    expect(flows.size).toBeGreaterThan(0);
    for (const flow of flows) {
      const own = seen.filter(([name, of]) => name === 'sluice_stage_duration_seconds' && of === flow);
      expect(own.map(([, , stage, value]) => [stage, value])).toEqual([
        ['capture', 1.5],
        ['broker', 0.5],
        ['queue', 5.5],
        ['land', 1.5],
      ]);
    }
  });

  test("without the connector's own time all the way to Kafka is capture", () => {
    const { stages, seen } = stagesAt(10_000);
    stages.landed(
      place('public.parent'),
      { times: [{ sourceMs: 1_000, connectorMs: null, logMs: 3_000 }], streamed: 1 },
      8_500,
    );
    const own = seen.filter(([name, flow]) => name === 'sluice_stage_duration_seconds' && flow === 'parents');
    expect(own.slice(0, 2).map(([, , stage, value]) => [stage, value])).toEqual([
      ['capture', 2],
      ['broker', 0],
    ]);
  });

  test('are never below 0, whatever the clocks of source and broker say', () => {
    const { stages, seen } = stagesAt(10_000);
    stages.landed(
      place('public.child'),
      { times: [{ sourceMs: 9_000, connectorMs: 8_500, logMs: 8_000 }], streamed: 1 },
      7_000,
    );
    expect(Math.min(...seen.map(([, , , value]) => value))).toBe(0);
  });

  test('of a table that no flow is made of, the heartbeat above all, are not told', () => {
    const { stages, seen } = stagesAt(10_000);
    stages.landed(
      place('sluice_cdc.heartbeat'),
      { times: [{ sourceMs: 1_000, connectorMs: 2_500, logMs: 3_000 }], streamed: 1 },
      8_500,
    );
    expect(seen).toEqual([]);
  });

  test('weigh what they stand for: a backlog in one batch against changes that come one by one', async () => {
    const metrics = createMetrics('0');
    const tally = tallyMeter(metrics);
    const land = (count: number, ageMs: number): void => {
      const times = evenly(
        Array.from({ length: count }, () => ({
          ...{ sourceMs: 100_000 - ageMs, connectorMs: null, logMs: 99_000 },
        })),
      );
      stagesWith(tally, 100_000).landed(place('public.parent'), { times, streamed: count }, 99_500);
    };
    land(4_950, 60_000);
    land(50, 60_000);
    for (let n = 0; n < 1_000; n += 1) land(1, 1_000);
    const { derived } = tally.take();
    expect([...derived.keys()]).toEqual(['parents']);
    expect(derived.get('parents')).toMatchObject({ count: 6_000, late: 5_000 });
    // what the alerts on the budget ask
    const text = await metrics.text();
    const series = 'pipeline="mini",flow="parents",target="postgres"';
    expect(text).toContain(`sluice_e2e_latency_seconds_count{${series}} 6000`);
    expect(text).toContain(`sluice_e2e_latency_seconds_bucket{le="5",${series}} 1000`);
  });

  test('of many changes some are timed, from the first to nearly the last', () => {
    const chosen = evenly(Array.from({ length: 2_500 }, (_, at) => at));
    expect(chosen).toHaveLength(100);
    expect(chosen[0]).toBe(0);
    expect(chosen.at(-1)).toBe(2_475);
    expect(evenly([1, 2, 3])).toEqual([1, 2, 3]);
  });
});
