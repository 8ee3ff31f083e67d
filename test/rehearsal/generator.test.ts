import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { normaliseNhsNumber } from '../../src/core/index.ts';
import { BLOCK, makeBlock, type SeedPlan } from '../../src/rehearsal/supabase/generator.ts';
import { partnerRows } from '../../src/rehearsal/supabase/partners.ts';
import type { RowSet, Submission, TableName } from '../../src/rehearsal/supabase/rows.ts';
import { TABLE_NAMES } from '../../src/rehearsal/supabase/rows.ts';
import { DIRTY_KINDS, ODD_SHARES, type Tally } from '../../src/rehearsal/supabase/shares.ts';
import { complaints, sourceTables } from './legal.ts';

const BASE = '2026-11-01T08:00:00.000Z';
const plan = (rows: number, seed = 1n, dirty = 0.02): SeedPlan => ({ seed, rows, dirty, base: BASE });

function everything(of: SeedPlan): { rows: Required<RowSet>; tally: Tally } {
  const rows = Object.fromEntries(TABLE_NAMES.map((name) => [name, []])) as unknown as Required<RowSet>;
  const tally: Tally = {};
  const add = (set: RowSet): void => {
    for (const name of Object.keys(set) as TableName[]) (rows[name] as unknown[]).push(...(set[name] ?? []));
  };
  add(partnerRows(of.seed, of.rows, Date.parse(of.base)));
  for (let block = 0; block * BLOCK < of.rows; block++) {
    const made = makeBlock(of, block);
    add(made.rows);
    for (const [name, count] of Object.entries(made.tally) as [keyof Tally, number][])
      tally[name] = (tally[name] ?? 0) + count;
  }
  return { rows, tally };
}

const digest = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex');
const many = everything(plan(10_000));

describe('the same seed', () => {
  test('makes the same bytes', () => {
    expect(digest(everything(plan(400)))).toBe(digest(everything(plan(400))));
    expect(digest(everything(plan(400, 2n)))).not.toBe(digest(everything(plan(400))));
  });

  test('makes a block that does not depend on the others', () => {
    const alone = makeBlock(plan(10_000), 7).rows['public.submissions'];
    expect(alone).toEqual(many.rows['public.submissions'].slice(7 * BLOCK, 8 * BLOCK));
  });

  test('goes on where fewer rows ended', () => {
    const few = everything(plan(333));
    expect(few.rows['public.submissions']).toEqual(many.rows['public.submissions'].slice(0, 333));
    const appointments = few.rows['public.appointments'];
    expect(appointments).toEqual(many.rows['public.appointments'].slice(0, appointments.length));
    const payouts = few.rows['public.partner_payouts'];
    expect(payouts).toEqual(many.rows['public.partner_payouts'].slice(0, payouts.length));
  });
});

describe('every row is legal', () => {
  const tables = sourceTables();
  // half of them dirty: whatever is false in them the database must still take
  const { rows } = everything(plan(3_000, 5n, 0.5));

  test('the schema was read whole', () => {
    expect([...tables.keys()].sort()).toEqual([...TABLE_NAMES].sort());
    expect(tables.get('public.submissions')).toHaveLength(42);
    expect(tables.get('public.lab_orders')?.find((c) => c.name === 'order_status')?.oneOf).toHaveLength(7);
  });

  test.each(TABLE_NAMES)('%s: columns, types, checks', (table) => {
    const columns = tables.get(table) ?? [];
    expect(rows[table].length).toBeGreaterThan(0);
    for (const row of rows[table]) expect(complaints(columns, { ...row })).toEqual([]);
  });

  test.each(TABLE_NAMES)('%s: unique and foreign keys', (table) => {
    const list = rows[table] as unknown as Record<string, unknown>[];
    for (const column of tables.get(table) ?? []) {
      const values = list.map((row) => row[column.name]).filter((value) => value !== null);
      if (column.unique) expect(new Set(values).size, column.name).toBe(values.length);
      if (column.references === null) continue;
      const parents = new Set((rows[column.references as TableName] as { id: string }[]).map((row) => row.id));
      expect(
        values.filter((value) => !parents.has(value as string)),
        column.name,
      ).toEqual([]);
    }
  });

  test('at most one open task of a kind for a submission, and storage limits the right way round', () => {
    const open = rows['public.compliance_tasks'].filter((t) => t.status === 'open' && t.submission_id !== null);
    expect(new Set(open.map((t) => `${t.submission_id}|${t.task_type}`)).size).toBe(open.length);
    for (const item of rows['public.partner_stock_levels'])
      if (item.min_temp !== null && item.max_temp !== null)
        expect(Number(item.min_temp)).toBeLessThanOrEqual(Number(item.max_temp));
  });
});

describe('nobody in it exists', () => {
  const clean = everything(plan(4_000, 9n, 0)).rows['public.submissions'];

  test('NHS numbers are valid and of the test range', () => {
    const typed = clean.map((row) => row.nhs_number).filter((text) => (text ?? '') !== '');
    expect(typed.length).toBeGreaterThan(3_000);
    for (const text of typed) expect(normaliseNhsNumber(text)).toMatch(/^999/);
    expect(new Set(typed.map((text) => text?.replace(/\d/g, '9'))).size).toBeGreaterThanOrEqual(4);
  });

  test('one number belongs to one person', () => {
    const owners = new Map<string, string>();
    const blank = (text: string | null): boolean => (text ?? '').trim() === '';
    const named = clean.filter((row) => !blank(row.nhs_number) && !blank(row.first_name));
    for (const row of named) {
      const number = normaliseNhsNumber(row.nhs_number) ?? '';
      const name = `${row.first_name} ${row.surname}`;
      expect(owners.get(number) ?? name).toBe(name);
      owners.set(number, name);
    }
    expect(owners.size).toBeLessThan(named.length);
  });

  test('telephones and addresses lead nowhere', () => {
    for (const row of clean) {
      if ((row.phone ?? '') !== '')
        expect(row.phone?.replace(/\D/g, '')).toMatch(/^(0|44|0044)(7700900|1632960)\d{3}$/);
      if (row.email !== null) expect(row.email).toMatch(/^[a-z0-9.]+@example\.org$/i);
    }
  });

  test('families share an address', () => {
    const people = new Map<string, Set<string>>();
    for (const row of clean)
      if (row.email !== null) {
        const names = people.get(row.email.toLowerCase()) ?? new Set();
        people.set(row.email.toLowerCase(), names.add(`${row.first_name}`));
      }
    expect([...people.values()].filter((names) => names.size > 1).length).toBeGreaterThan(200);
  });
});

describe('the shares are as the table says', () => {
  const { rows, tally } = many;
  const submissions: readonly Submission[] = rows['public.submissions'];
  /** within four standard deviations of what chance may do */
  const near = (count: number, of: number, share: number): void => {
    const slack = 4 * Math.sqrt(of * share * (1 - share));
    expect(Math.abs(count - of * share)).toBeLessThanOrEqual(slack);
  };
  const orders = rows['public.lab_orders'];

  test.each([
    'no-email',
    'no-phone',
    'no-birth-date',
    'born-1900',
    'no-consent',
    'empty-text',
    'blank-text',
    'long-text',
    'control-characters',
    'emoji',
    'unknown-status',
  ] as const)('%s of submissions', (name) => near(tally[name] ?? 0, submissions.length, ODD_SHARES[name]));

  test('of appointments and lab orders', () => {
    near(tally['zero-length'] ?? 0, rows['public.appointments'].length, ODD_SHARES['zero-length']);
    near(orders.filter((order) => order.submission_id === null).length, orders.length, ODD_SHARES['order-alone']);
    near(orders.filter((order) => order.priority === 'STAT').length, orders.length, ODD_SHARES['priority-shouted']);
    near(tally['no-priority'] ?? 0, orders.length, ODD_SHARES['no-priority'] * 0.96);
  });

  test('dirty ones: the sum asked for, each kind a fifth of it', () => {
    const dirty = DIRTY_KINDS.map((kind) => tally[kind] ?? 0);
    near(
      dirty.reduce((sum, count) => sum + count, 0),
      submissions.length,
      0.02,
    );
    for (const count of dirty) near(count, submissions.length, 0.004);
    expect(everything(plan(2_000, 3n, 0)).tally).not.toHaveProperty('bad-email');
  });

  test('children in proportion', () => {
    const each = submissions.length;
    expect(rows['public.appointments'].length / each).toBeCloseTo(1.5, 1);
    expect(orders.length / each).toBeCloseTo(0.6, 1);
    expect(rows['public.lab_order_events'].length / orders.length).toBeCloseTo(2, 0);
  });

  test('what every consumer has to carry is there', () => {
    const texts = submissions.flatMap((row) => [row.patient_notes, row.clinician_notes]).map((text) => text ?? '');
    expect(texts.some((text) => text.length > 8_192)).toBe(true);
    expect(submissions.some((row) => row.consent_expires_at !== null && row.consent_expires_at < BASE)).toBe(true);
    expect(submissions.some((row) => row.consent_signed_at !== null && row.consent_signed_at > BASE)).toBe(true);
    expect(orders.some((order) => order.priority === 'whenever')).toBe(true);
    expect(rows['public.appointments'].some((visit) => visit.start_at === visit.end_at)).toBe(true);
  });
});
