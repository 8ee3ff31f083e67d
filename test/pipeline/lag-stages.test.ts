import { describe, expect, test } from 'vitest';
import { type Labels, type Ledger, type Meter, silentLog } from '../../src/core/index.ts';
import { LagStages } from '../../src/pipeline/lag-stages.ts';
import { evenly } from '../../src/pipeline/lander.ts';
import { mini } from '../support/mini-migration.ts';

function stagesAt(now: number) {
  const seen: [string, string, string, number][] = [];
  const observe = (name: string, labels: Labels, value: number): void =>
    void seen.push([name, labels.flow ?? '', labels.stage ?? '', value]);
  const meter: Meter = { observe, count: () => undefined, gauge: () => undefined };
  const clock = { now: () => now, sleep: async () => undefined };
  const ledger = { pipeline: 'mini' } as Ledger;
  const stages = new LagStages({ migration: mini, ledger, log: silentLog, meter, clock, worker: 'w' }, mini.flows);
  return { stages, seen };
}

const place = (table: string) => ({ topic: `mini.${table}`, partition: 0, table });

describe('the stages of a change up to its landing', () => {
  test('add up to its whole way, for each flow that is made of its table', () => {
    const { stages, seen } = stagesAt(10_000);
    stages.landed(place('public.child'), [{ sourceMs: 1_000, logMs: 3_000 }], 8_500);
    const flows = new Set(seen.map(([, flow]) => flow));
    expect(flows.size).toBeGreaterThan(0);
    for (const flow of flows) {
      const own = seen.filter(([name, of]) => name === 'sluice_stage_duration_seconds' && of === flow);
      expect(own.map(([, , stage, value]) => [stage, value])).toEqual([
        ['capture', 2],
        ['queue', 5.5],
        ['land', 1.5],
      ]);
    }
  });

  test('are never below 0, whatever the clocks of source and broker say', () => {
    const { stages, seen } = stagesAt(10_000);
    stages.landed(place('public.child'), [{ sourceMs: 9_000, logMs: 8_000 }], 7_000);
    expect(Math.min(...seen.map(([, , , value]) => value))).toBe(0);
  });

  test('of a table that no flow is made of, the heartbeat above all, are not told', () => {
    const { stages, seen } = stagesAt(10_000);
    stages.landed(place('sluice_cdc.heartbeat'), [{ sourceMs: 1_000, logMs: 3_000 }], 8_500);
    expect(seen).toEqual([]);
  });

  test('of many changes some are timed, from the first to nearly the last', () => {
    const chosen = evenly(Array.from({ length: 2_500 }, (_, at) => at));
    expect(chosen).toHaveLength(100);
    expect(chosen[0]).toBe(0);
    expect(chosen.at(-1)).toBe(2_475);
    expect(evenly([1, 2, 3])).toEqual([1, 2, 3]);
  });
});
