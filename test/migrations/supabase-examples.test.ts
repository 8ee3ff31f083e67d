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
  readonly lookups?: { readonly submission?: Image };
  readonly bundle: JsonObject;
}

/** The bundle of the last event; the form it belongs to is told before. */
function bundleOf({ event, source_row: row, lookups }: Example): JsonObject | undefined {
  const session = new PreviewSession('supabase');
  const { table, op, lsn, ts, correlation_id: correlationId } = event;
  const form = lookups?.submission;
  if (form) session.step({ table: 'submissions', op: 'c', row: form, lsn: '1', ts, correlationId: null });
  const step = session.step({ table, op, row, lsn, ts, correlationId });
  expect(step.bundles).toHaveLength(1);
  return step.bundles[0]?.bundle;
}

// the work order's own examples, where they are at hand
const folder = '../shared/supabase/examples';
describe.skipIf(!existsSync('../shared'))('the examples of the work order', () => {
  test.each(['submissions', 'appointments', 'lab_orders', 'lab_order_events'])('%s', (table) => {
    const example = JSON.parse(readFileSync(`${folder}/${table}.json`, 'utf8')) as Example;
    expect(bundleOf(example)).toEqual(example.bundle);
  });
});
