import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { PreviewSession } from '../../src/cli/commands/preview-session.ts';
import type { Image, JsonObject } from '../../src/core/index.ts';

interface Example {
  readonly event: {
    readonly table: string;
    readonly op: 'c';
    readonly lsn: string;
    readonly ts: string;
    readonly correlation_id: string;
  };
  readonly source_row: Image;
  readonly lookups?: { readonly submission?: Image; readonly stock?: Image };
  readonly bundle: JsonObject;
}

// the work order's own examples, where they are at hand
const folder = '../shared/supabase/examples';

const read = (table: string): Example => JSON.parse(readFileSync(`${folder}/${table}.json`, 'utf8')) as Example;

/** The rows an example takes for granted, told before it. */
function toldBefore({ event, lookups }: Example): readonly (readonly [table: string, row: Image])[] {
  const { submission, stock } = lookups ?? {};
  return [
    ...(submission ? [['submissions', submission] as const] : []),
    ...(stock ? [['partner_stock_levels', stock] as const] : []),
    // the plan its task is about is the example of another table
    ...(event.table === 'compliance_tasks' ? [['action_plans', read('action_plans').source_row] as const] : []),
  ];
}

/** The bundle of the last event. */
function bundleOf(example: Example): JsonObject | undefined {
  const session = new PreviewSession('supabase');
  const { table, op, lsn, ts, correlation_id: correlationId } = example.event;
  for (const [n, [name, row]] of toldBefore(example).entries())
    session.step({ table: name, op: 'c', row, lsn: String(n + 1), ts, correlationId: null });
  const step = session.step({ table, op, row: example.source_row, lsn, ts, correlationId });
  expect(step.bundles).toHaveLength(1);
  return step.bundles[0]?.bundle;
}

describe.skipIf(!existsSync('../shared'))('the examples of the work order', () => {
  test.each([
    'submissions',
    'appointments',
    'lab_orders',
    'lab_order_events',
    'action_plans',
    'compliance_tasks',
    'partner_temperature_logs',
  ])('%s', (table) => {
    const example = read(table);
    expect(bundleOf(example)).toEqual(example.bundle);
  });
});
