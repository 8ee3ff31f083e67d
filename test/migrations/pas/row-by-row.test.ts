import { afterAll, expect, test } from 'vitest';
import type { Sink, SourceRow, TargetRow } from '../../../src/migrations/pas/engine/outcome.ts';
import { extractOf, housePlan, workFolder } from '../../support/pas-run.ts';
import { readExtracts } from '../../support/pas-vectors.ts';

const work = workFolder();
afterAll(work.done);

const { engine } = housePlan();

/** What is made of the rows, numbers given in the order they are asked for; links by the parent's key. */
function made(batches: readonly ReadonlyMap<string, readonly SourceRow[]>[], shared: ReadonlyMap<string, SourceRow[]>) {
  const rows: string[] = [];
  const numbers = new Map<string, number>();
  const keyOf = new Map<string, string>();
  const sink: Sink = {
    row(table: number, row: TargetRow) {
      const layout = engine.layouts[table];
      const cells = row.cells.map((cell, i) =>
        /record_number|recno/.test(layout?.columns[i]?.name ?? '') ? (keyOf.get(cell) ?? cell) : cell,
      );
      rows.push([layout?.table, ...cells].join('|'));
    },
    reject: (reject) => void rows.push(`reject ${reject.problem} ${reject.table} ${reject.sourceKey}`),
    count: () => undefined,
    cell: () => undefined,
  };
  const give = {
    of(table: string, key: string) {
      const name = `${table}|${key}`;
      const number = numbers.get(name) ?? numbers.size + 1;
      numbers.set(name, number);
      keyOf.set(String(number), name);
      return number;
    },
  };
  engine.runShared(shared, give, sink);
  for (const batch of batches) engine.runPatients(batch, give, sink);
  return rows.sort();
}

test('one patient at a time, in any order, gives what all of them at once give', () => {
  const folder = work.place('source');
  extractOf(folder, 120);
  const all = readExtracts(folder, engine.projection);
  const patients = new Map<string, Map<string, SourceRow[]>>();
  for (const [table, rows] of all) {
    const index = engine.projection.get(table)?.patient;
    if (index === undefined || index === null) continue;
    for (const row of rows) {
      const own = patients.get(row[index] ?? '') ?? new Map<string, SourceRow[]>();
      own.set(table, [...(own.get(table) ?? []), row]);
      patients.set(row[index] ?? '', own);
    }
  }
  const whole = made([all], all);
  expect(made([...patients.values()], all)).toEqual(whole);
  expect(made([...patients.values()].reverse(), all)).toEqual(whole);
  expect(whole.length).toBeGreaterThan(2_000);
  expect(whole.filter((row) => row.startsWith('reject'))).toEqual([]);
});
