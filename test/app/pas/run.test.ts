import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadHouseContract } from '../../../src/app/pas/house-contract.ts';
import type { PasRunOutcome } from '../../../src/app/pas/run.ts';
import { byBusinessKey, extractOf, rewrite, run, targetFiles, workFolder } from '../../support/pas-run.ts';
import { readCsv, readObjects } from '../../support/pas-vectors.ts';

const work = workFolder();
afterAll(work.done);

const { catalogue, contract } = loadHouseContract();
const links = new Map(catalogue.edges.map(({ child, field, parent }) => [`${child}.${field}`, parent]));
const source = work.place('source');
let first: PasRunOutcome;

beforeAll(async () => {
  extractOf(source, 1_000);
  first = await run(source, work.place('first'));
}, 120_000);

describe('our contract on 1,000 invented patients', () => {
  test('38 tables, no orphan over 41 edges, every row accounted for, the development gate passes', () => {
    expect(targetFiles(work.place('first'))).toHaveLength(38);
    expect(first.quality?.figures).toMatchObject({
      errors: 0,
      orphans: 0,
      edgesChecked: 41,
      unexplainedRows: 0,
      tablesWritten: 38,
      mandatoryCompleteness: 1,
      imputedCells: 0,
    });
    expect(first.gates?.status).toBe('PASS');
  });

  test('every table has rows, and a value came through a rule of every class that has values', () => {
    expect(first.quality?.tables.filter(({ rows }) => rows === 0)).toEqual([]);
    const filled = new Set<string>();
    for (const { table, fields } of first.quality?.tables ?? [])
      for (const { field, filled: cells } of fields) {
        const row = contract.fields.get(table)?.find((candidate) => candidate.field === field);
        if (cells > 0 && row) filled.add(row.class);
      }
    expect([...filled].sort()).toEqual([
      'DERIVED',
      'DIRECT_SOURCE',
      'LOOKUP_TRANSLATION',
      'REFERENCE_MASTER_FEED',
      'SURROGATE_ETL',
    ]);
  });

  test('the ratio by the definition of the reference, over the 880 columns it counts, is above its own', () => {
    expect(first.quality?.reference).toEqual({
      columns_total: 880,
      columns_populated: 623,
      population_ratio: 0.708,
      population_ratio_strict: 0.3443,
    });
  });

  test('completeness is told for each field, by rows', () => {
    const lines = readObjects(join(work.place('first'), 'completeness.csv'));
    expect(lines).toHaveLength(890);
    const rows = readObjects(join(work.place('first'), 'target/LOAD_PMI.csv'));
    const filled = rows.filter(({ nhs_number }) => nhs_number !== '').length;
    expect(filled).toBeLessThan(rows.length);
    expect(lines.find(({ table, field }) => table === 'LOAD_PMI' && field === 'nhs_number')).toEqual({
      table: 'LOAD_PMI',
      field: 'nhs_number',
      class: 'DIRECT_SOURCE',
      mandatory: '',
      sourced: 'yes',
      rows: '1000',
      filled: String(filled),
      made_up: '',
      completeness: (filled / 1000).toFixed(4),
    });
  });

  test('an open admission stays open, and nothing is made up for a blank source', () => {
    const [header = [], ...rows] = readCsv(work.place('source/ADMITDISCH.csv'));
    const at = (name: string): number => header.indexOf(name);
    const open = new Set(
      rows
        .filter((cells) => cells[at('DischargeDate')] === '')
        .map((c) => `${c[at('InternalPatientNumber')]}|${c[at('EpisodeNumber')]}`),
    );
    expect(open.size).toBeGreaterThan(0);
    const [names = [], ...loaded] = readCsv(join(work.place('first'), 'target/LOAD_ADT_ADMISSIONS.csv'));
    const stillOpen = loaded.filter((cells) => open.has(cells[names.indexOf('external_system_id')] ?? ''));
    expect(stillOpen.map((cells) => cells[names.indexOf('discharge_date')])).toEqual(stillOpen.map(() => ''));
    expect(stillOpen).toHaveLength(open.size);
  });
});

describe('the same source in other ways gives the same 38 tables', () => {
  const same = (outDir: string): void => {
    const [mine, other] = [byBusinessKey(work.place('first'), links), byBusinessKey(outDir, links)];
    for (const [table, text] of mine) expect(other.get(table), table).toBe(text);
  };

  test('rows in another order', async () => {
    const shuffled = work.place('shuffled');
    extractOf(shuffled, 1_000);
    for (const { table } of first.state.extracted) rewrite(shuffled, table, (rows) => rows.reverse());
    await run(shuffled, work.place('other-order'));
    same(work.place('other-order'));
  }, 60_000);

  test('once more into the same folder: the same numbers, byte for byte', async () => {
    const before = targetFiles(work.place('first')).map((name) =>
      readFileSync(join(work.place('first'), 'target', name), 'utf8'),
    );
    await run(source, work.place('first'));
    const after = targetFiles(work.place('first')).map((name) =>
      readFileSync(join(work.place('first'), 'target', name), 'utf8'),
    );
    expect(after).toEqual(before);
  }, 60_000);

  test('broken off in the middle and gone on with', async () => {
    const big = work.place('big');
    extractOf(big, 1_600);
    await run(big, work.place('whole'));
    let parts = 0;
    const broken = await run(big, work.place('broken'), {
      progress: (step) => {
        if (step === 'transform') parts += 1;
      },
      cancelled: () => parts >= 2,
    });
    expect(broken.gates).toBeNull();
    expect(broken.state.partsDone).toBeLessThan(broken.state.parts);
    expect(broken.state.partsDone).toBeGreaterThan(1);
    const resumed = await run(big, work.place('broken'), { from: 'resume' });
    expect(resumed.gates?.status).toBe('PASS');
    const [a, b] = ['whole', 'broken'].map((name) => byBusinessKey(work.place(name), links));
    expect(b).toEqual(a);
  }, 120_000);

  test('again from a step of a run that has ended: what it took away is made anew', async () => {
    const place = work.place('again');
    const small = work.place('small');
    extractOf(small, 40);
    await run(small, place);
    const before = byBusinessKey(place, links);
    for (const from of ['transform', 'verify', 'gates', 'extract'] as const) {
      const again = await run(small, place, { from });
      expect(again.gates?.status, from).toBe('PASS');
      expect(byBusinessKey(place, links), from).toEqual(before);
    }
  }, 60_000);

  test('a patient more takes no number from anybody', async () => {
    const more = work.place('more');
    extractOf(more, 1_001);
    const numbersOf = (name: string): Map<string, string> =>
      new Map(
        readCsv(join(work.place('first'), 'lineage', name))
          .slice(1)
          .map(([number = '', feed, key]) => [`${feed}|${key}`, number]),
      );
    const before = numbersOf('LOAD_PMI.csv');
    rewrite(more, 'PATDATA', (rows) => rows.reverse().filter((_, i) => i !== 500));
    await run(more, work.place('first'));
    const after = numbersOf('LOAD_PMI.csv');
    for (const [key, number] of after) expect(before.get(key) ?? number).toBe(number);
    expect(new Set(after.values()).size).toBe(after.size);
    const given = new Set(before.values());
    const fresh = [...after].filter(([key]) => !before.has(key));
    expect(fresh).toHaveLength(1);
    expect(given.has(fresh[0]?.[1] ?? '')).toBe(false);
  }, 60_000);
});
