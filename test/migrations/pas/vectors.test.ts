import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createEngine } from '../../../src/migrations/pas/engine/engine.ts';
import type { SourceRow, TargetRow } from '../../../src/migrations/pas/engine/outcome.ts';
import { referenceContract } from '../../../src/migrations/pas/reference/contract.ts';
import { readReferenceRows } from '../../../src/migrations/pas/reference/rows.ts';
import { referenceDateIsValid, referenceValue } from '../../../src/migrations/pas/reference/values.ts';
import { createTranslator } from '../../../src/migrations/pas/rules/crosswalk.ts';
import { parseDate } from '../../../src/migrations/pas/rules/dates.ts';
import { checkNhsNumber } from '../../../src/migrations/pas/rules/nhs-number.ts';
import {
  MATERIAL,
  material,
  readCsv,
  readExtracts,
  readObjects,
  referenceCatalogue,
  referenceCrosswalks,
} from '../../support/pas-vectors.ts';

const readUnits = <T>(name: string): T => JSON.parse(readFileSync(material('vectors_open/units', name), 'utf8')) as T;

describe.skipIf(MATERIAL === null)('the reference, by its own unit cases', () => {
  test('NHS numbers, but for what it is wrong about', () => {
    // FACTS section 10 row 16: equal digits are never issued, text around digits and other scripts' digits are no digits
    const wrong = new Set(['0000000000', '1111111111', 'NHS9434765919', '９４３４７６５９１９']);
    const cases = readUnits<{ input: string; valid: boolean }[]>('nhs_number.json');
    const ours = cases.map(({ input }) => typeof checkNhsNumber(input, { testData: true }) === 'object');
    expect(ours).toEqual(cases.map(({ input, valid }) => valid && !wrong.has(input)));
  });

  test('dates as its contract makes them', () => {
    const cases = readUnits<{ input: string; normalised: string; valid_ddmmyyyy: boolean }[]>('dates.json');
    expect(cases.map(({ input }) => referenceValue(input))).toEqual(cases.map(({ normalised }) => normalised));
    expect(cases.map(({ input }) => referenceDateIsValid(input))).toEqual(cases.map((c) => c.valid_ddmmyyyy));
  });

  test('no date of ours is one the calendar does not have', () => {
    // section 10 row 7: what the reference lets through as a date is refused by name
    const cases = readUnits<{ input: string; normalised: string }[]>('dates.json');
    for (const { input, normalised } of cases) {
      const date = parseDate(input);
      if (typeof date === 'object') expect(referenceDateIsValid(normalised.slice(0, 10)), input).toBe(true);
    }
    expect(parseDate('99999999')).toBe('DATE_PLACEHOLDER');
    expect(parseDate('29/02/1900')).toBe('DATE_NOT_REAL');
    expect(parseDate('447700900123')).toBe('DATE_NOT_REAL');
  });

  test('crosswalks', () => {
    const crosswalks = referenceCrosswalks();
    const cases = readUnits<{ crosswalk: string; input: string; outcome: string; value: string }[]>('crosswalk.json');
    for (const { crosswalk, input, outcome, value } of cases) {
      const known = crosswalks.get(crosswalk);
      if (!known) throw new Error(`no crosswalk ${crosswalk}`);
      const translate = createTranslator(known.entries, { on: '2026-01-01', approvedOnly: false });
      const answer = input.trim() === '' ? { value: '' } : translate(input);
      expect(typeof answer === 'object' ? ['VALUE', answer.value] : ['REJECT', ''], input).toEqual([outcome, value]);
    }
  });
});

interface Vector {
  readonly contract: 'v0' | 'fix1';
  readonly folder: string;
}

/** Rows of the reference's contract, with the ten rows of its corrected variant where asked for. */
function contractRows(variant: Vector['contract']) {
  const rows = readReferenceRows(readCsv(material('data/mapping_contract.csv')));
  if (variant === 'v0') return rows;
  const [header = [], ...body] = readCsv(material('data/contract_fix1_changes.csv'));
  const fixes = readReferenceRows([[...header, 'confidence'], ...body.map((cells) => [...cells, 'HIGH'])]);
  return rows.map((row) => fixes.find((fix) => fix.table === row.table && fix.field === row.field) ?? row);
}

function runReference({ contract: variant, folder }: Vector) {
  const source = join(folder, 'source');
  const catalogue = referenceCatalogue();
  const made = referenceContract({
    rows: contractRows(variant),
    catalogue,
    crosswalks: referenceCrosswalks(),
    merges: { table: 'MERGEDID', from: 'OldID', into: 'NewestID' },
    domainOf: () => 'REFERENCE',
    isThere: (table) => existsSync(join(source, `${table}.csv`)),
  });
  const engine = createEngine(made.contract, catalogue, {
    on: '2026-01-01',
    approvedOnly: false,
    lenient: true,
    impute: false,
    derivations: made.derivations,
    columnsOf: (table) => made.columns.get(table) ?? [],
  });
  const rows = readExtracts(source, engine.projection);
  const targets = new Map<string, TargetRow[]>(engine.layouts.map(({ table }) => [table, []]));
  const next = new Map<string, number>();
  const numbers = {
    of(table: string) {
      const number = (next.get(table) ?? 0) + 1;
      next.set(table, number);
      return number;
    },
  };
  let rejects = 0;
  const sink = {
    row: (table: number, row: TargetRow) => void targets.get(engine.layouts[table]?.table ?? '')?.push(row),
    reject: () => void rejects++,
    count: () => undefined,
    cell: () => undefined,
  };
  engine.runShared(rows, numbers, sink);
  engine.runPatients(rows, numbers, sink);
  return { engine, rows: rows as ReadonlyMap<string, readonly SourceRow[]>, targets, rejects, made };
}

/** A value the reference takes from the place of a row among the rows: held to that place, as nobody can agree with it. */
const BY_POSITION = /^BED\d{3}$/;

const push = <T>(map: Map<string, T[]>, key: string, value: T): void => {
  const known = map.get(key);
  if (known) known.push(value);
  else map.set(key, [value]);
};

/**
 * Disagreements over the fair cells of one run, rows found by the key of their driver row. The reference writes one
 * row for each driver row in file order, which tells whose row each of its own is. Rows that share a key are compared
 * as a bag.
 */
function compare(vector: Vector, spoil?: (cell: string) => string): { compared: number; wrong: string[] } {
  const { engine, rows, targets, made } = runReference(vector);
  const fair = new Map<string, string[]>();
  for (const { target_table: table = '', target_field: field = '', fair: verdict } of readObjects(
    material('fairness.csv'),
  ))
    if (verdict === 'yes') push(fair, table, field);
  const wrong: string[] = [];
  let compared = 0;
  for (const [table, fields] of fair) {
    const layout = engine.layouts.find((candidate) => candidate.table === table);
    const feed = made.contract.plans.get(table)?.feeds[0];
    const driver = feed && engine.projection.get(feed.driver);
    if (!layout || !feed || !driver) continue;
    const at = fields.map((field) => layout.columns.findIndex(({ name }) => name === field));
    const ours = new Map<string, string[][]>();
    for (const { sourceKey, cells } of targets.get(table) ?? [])
      push(
        ours,
        sourceKey.replace(/#\d+$/, ''),
        at.map((index) => cells[index] ?? ''),
      );
    const theirs = new Map<string, string[][]>();
    const expected = readObjects(join(vector.folder, `expected_${vector.contract}_strict/target/${table}.csv`));
    for (const [i, row] of expected.entries()) {
      const from = rows.get(feed.driver)?.[i];
      const key = feed.key.map((column) => from?.[driver.columns.get(column) ?? -1]).join('|');
      const place = `BED${String(i + 1).padStart(3, '0')}`;
      for (const field of fields)
        if (BY_POSITION.test(row[field] ?? '') && row[field] !== place) wrong.push(`${table}.${field}`);
      push(
        theirs,
        key,
        fields.map((field) => (spoil ? spoil(row[field] ?? '') : (row[field] ?? ''))),
      );
    }
    if (expected.length !== targets.get(table)?.length) wrong.push(`${table}: number of rows`);
    for (const [key, bag] of theirs) {
      const mine = (ours.get(key) ?? []).sort();
      for (const [i, cells] of bag.sort().entries())
        for (const [j, cell] of cells.entries()) {
          if (BY_POSITION.test(cell)) continue;
          compared += 1;
          if (mine[i]?.[j] !== cell) wrong.push(`${table}.${fields[j]}`);
        }
    }
  }
  return { compared, wrong };
}

describe.skipIf(MATERIAL === null)('the reference contract, run by this engine', () => {
  const folders =
    MATERIAL === null ? [] : readdirSync(material('vectors_open')).filter((name) => name.startsWith('seed'));
  const vectors = folders.flatMap((name) =>
    (['v0', 'fix1'] as const).map((contract) => ({ contract, folder: material('vectors_open', name), name })),
  );

  test.each(vectors)('$name, contract $contract: every fair cell agrees', (vector) => {
    const { compared, wrong } = compare(vector);
    expect(wrong.slice(0, 20)).toEqual([]);
    expect(compared).toBeGreaterThan(3_000);
  });

  test('one changed expectation is found', () => {
    const [vector] = vectors;
    if (!vector) throw new Error('no vector');
    let left = 1_000;
    const { wrong } = compare(vector, (cell) => (left-- === 0 ? `${cell}?` : cell));
    expect(wrong).toHaveLength(1);
  });
});
