import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { Measurement } from '../../src/core/index.ts';
import { PostgresMeasurements } from '../../src/sinks/postgres/index.ts';
import { MINI_SQL, mini } from '../support/mini-migration.ts';
import { type ServiceDatabase, serviceDatabase } from '../support/service-database.ts';

let db: ServiceDatabase;

beforeAll(async () => {
  db = await serviceDatabase(inject('stack').postgres, mini, { mini: MINI_SQL });
});
afterAll(() => db?.close());

const measured = (at: string, over: Partial<Measurement> = {}): Measurement => ({
  migration: 'mini',
  flow: 'parents',
  figure: 'reconcile.divergenceRatio',
  value: 0.25,
  at,
  sample: 400,
  coverage: 0.5,
  oldestSeconds: null,
  source: 'a test',
  ...over,
});

test('a window holds what was measured in it, its ends included, oldest first, and nothing of others', async () => {
  const measurements = new PostgresMeasurements(db.pool);
  const at = (second: number): string => `2026-01-01T00:00:0${second}.000000Z`;
  await measurements.record([measured(at(3), { flow: '', sample: null }), measured(at(1)), measured(at(5))]);
  await measurements.record([measured(at(2), { migration: 'other' }), measured(at(2), { figure: 'another' })]);
  await measurements.record([]);
  expect(await measurements.between('mini', 'reconcile.divergenceRatio', at(1), at(3))).toEqual([
    measured(at(1)),
    measured(at(3), { flow: '', sample: null }),
  ]);
});

test('of each figure and flow the newest is told, with least, most and how often', async () => {
  const measurements = new PostgresMeasurements(db.pool);
  const at = (second: number): string => `2026-02-01T00:00:0${second}.000000Z`;
  await measurements.record([
    measured(at(1), { figure: 'seen', value: 3 }),
    measured(at(2), { figure: 'seen', value: 1 }),
    measured(at(3), { figure: 'seen', value: 2, coverage: null }),
    measured(at(3), { figure: 'seen', value: 9, flow: '' }),
    measured(at(9), { figure: 'seen', value: 99 }),
    measured(at(2), { figure: 'seen', value: 99, migration: 'other' }),
  ]);
  const common = { figure: 'seen', at: at(3), sample: 400, oldestSeconds: null, source: 'a test' };
  expect(await measurements.figures('mini', at(1), at(4))).toEqual([
    { ...common, flow: '', newest: 9, least: 9, most: 9, times: 1, coverage: 0.5 },
    { ...common, flow: 'parents', newest: 2, least: 1, most: 3, times: 3, coverage: null },
  ]);
});
