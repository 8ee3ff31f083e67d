import { appendFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { explainCell } from '../../../src/app/pas/explain.ts';
import { readHistory } from '../../../src/app/pas/history.ts';
import { judgeAgain, planOf, runIn } from '../../../src/app/pas/run.ts';
import { compareSnapshots, keepSnapshot, listSnapshots, restoreSnapshot } from '../../../src/app/pas/snapshots.ts';
import { extractOf, run, setCell, workFolder } from '../../support/pas-run.ts';
import { MATERIAL, material, readObjects } from '../../support/pas-vectors.ts';

const work = workFolder();
afterAll(work.done);
const source = work.place('source');
const out = work.place('out');
const clock = { now: () => Date.UTC(2026, 10, 21), sleep: async () => undefined };

beforeAll(async () => {
  extractOf(source, 80);
  await run(source, out);
}, 60_000);

const explain = (table: string, record: string, field: string) =>
  explainCell(out, planOf(runIn(out)), runIn(out), [table, record, field]);

describe('explain', () => {
  test('a copied cell, a translated one, one read through a join', () => {
    const [first] = readObjects(join(out, 'target/LOAD_PMI.csv'));
    const record = first?.record_number ?? '';
    const lines = readObjects(join(source, 'PATDATA.csv'));
    const line = lines.findIndex((row) => row.InternalPatientNumber === first?.main_crn) + 2;
    expect(explain('LOAD_PMI', record, 'pat_name_family')).toMatchObject({
      rule: 'copy',
      source_key: first?.main_crn,
      sources: [{ table: 'PATDATA', field: 'Surname', position: String(line) }],
      filled: true,
    });
    expect(explain('LOAD_PMI', record, 'sex').crosswalk).toMatch(/^sex \d+\.\d+\.\d+$/);
    expect(explain('LOAD_PMI', record, 'practice_post_code').sources[0]).toMatchObject({ table: 'GP', row: 'gp' });
    expect(explain('LOAD_PMI', record, 'nationality').reason).not.toBe('');
  });

  test('what is not there is said', () => {
    expect(() => explain('LOAD_PMI', '999999', 'sex')).toThrow(/no row 999999/);
    expect(() => explain('LOAD_PMI', '1', 'shoe_size')).toThrow(/no column/);
  });
});

describe('gates', () => {
  test('cutover asks for signatures that nobody has given yet', () => {
    const failed = judgeAgain(out, 'cutover_ready', clock).checks.filter(({ status }) => status === 'FAIL');
    expect(failed.map(({ gate }) => gate)).toContain('TRANSLATIONS_APPROVED');
    expect(() => judgeAgain(out, 'no_such_profile', clock)).toThrow(/no gate profile/);
  });

  test('a table changed after its verification, and a missing report, fail any profile', () => {
    const path = join(out, 'target/LOAD_PMI.csv');
    const before = readFileSync(path);
    expect(judgeAgain(out, 'development', clock).status).toBe('PASS');
    appendFileSync(path, 'x\n');
    expect(judgeAgain(out, 'development', clock).checks[0]).toMatchObject({ status: 'FAIL' });
    writeFileSync(path, before);
    const report = readFileSync(join(out, 'quality.json'));
    rmSync(join(out, 'quality.json'));
    expect(judgeAgain(out, 'development', clock).status).toBe('FAIL');
    writeFileSync(join(out, 'quality.json'), report);
    expect(judgeAgain(out, 'development', clock).status).toBe('PASS');
  });

  test('a contract or a crosswalk changed after the run fails it', async () => {
    const contractPath = work.place('contract');
    cpSync('src/migrations/pas/data/contract', contractPath, { recursive: true });
    const place = work.place('bound');
    extractOf(work.place('few'), 10);
    await run(work.place('few'), place, { contractPath });
    const verdict = () =>
      judgeAgain(place, 'development', clock).checks.find(({ gate }) => gate === 'REPORT_BOUND_TO_RUN');
    for (const name of ['fields/LOAD_PMI.csv', 'crosswalks/sex.csv']) {
      const file = join(contractPath, name);
      const before = readFileSync(file, 'utf8');
      expect(verdict()?.status).toBe('PASS');
      writeFileSync(file, before.replace(',IN_REVIEW,', ',DRAFT,'));
      expect(verdict(), name).toMatchObject({ status: 'FAIL', message: expect.stringContaining('stale') });
      writeFileSync(file, before);
    }
  }, 60_000);

  test('imputed cells are marked, left out of the ratio, and never pass cutover', async () => {
    const place = work.place('imputed');
    const { quality } = await run(source, place, { mode: 'impute' });
    expect(quality?.figures.imputedCells).toBeGreaterThan(0);
    const honest = (await run(source, work.place('strict'))).quality?.figures.populationRatio;
    expect(quality?.figures.populationRatio).toBe(honest);
    const strict = readObjects(join(out, 'target/LOAD_PMI.csv'));
    expect(readObjects(join(place, 'target/LOAD_PMI.csv'))).toEqual(strict);
    const marked = readObjects(join(place, 'lineage/LOAD_STAFF.csv'));
    const [mark = ''] = (marked[0]?.made_up ?? '').split(';');
    expect(mark).toMatch(/^imputed [a-z_]+$/);
    const cell = ['LOAD_STAFF', marked[0]?.record_number ?? '', mark.slice(8)] as const;
    expect(explainCell(place, planOf(runIn(place)), runIn(place), cell)).toMatchObject({
      filled: true,
      made_up: 'imputed',
    });
    expect(
      readObjects(join(out, 'lineage/LOAD_STAFF.csv'))
        .map((row) => row.made_up)
        .join(''),
    ).toBe('');
    expect(
      judgeAgain(place, 'cutover_ready', clock).checks.find(({ gate }) => gate === 'NO_IMPUTED_CELLS')?.status,
    ).toBe('FAIL');
  });
});

describe('snapshots and history', () => {
  test('kept, listed, compared, restored; each judged run is a point', async () => {
    const kept = keepSnapshot(out, 'before the fix', clock.now());
    expect(listSnapshots(out).map(({ id }) => id)).toContain(kept.id);
    expect(compareSnapshots(out, kept.id, 'now').tables.every((t) => t.added + t.removed + t.changed === 0)).toBe(true);
    const before = readFileSync(join(out, 'target/LOAD_PMI.csv'), 'utf8');
    const points = readHistory(out, 100).points.length;

    setCell(source, 'PATDATA', 0, 'PlaceOfBirth', 'ELSEWHERE');
    await run(source, out);
    expect(readHistory(out, 100).points).toHaveLength(points + 1);
    const pmi = compareSnapshots(out, kept.id, 'now').tables.find(({ table }) => table === 'LOAD_PMI');
    expect(pmi).toMatchObject({ added: 0, removed: 0, changed: 1 });

    restoreSnapshot(out, kept.id, clock.now());
    expect(readFileSync(join(out, 'target/LOAD_PMI.csv'), 'utf8')).toBe(before);
    expect(judgeAgain(out, 'development', clock).status).toBe('PASS');
  });

  test('a damaged one and a name that is a path are refused', () => {
    const kept = keepSnapshot(out, 'to be damaged', clock.now());
    appendFileSync(join(out, 'snapshots', kept.id, 'target/LOAD_PMI.csv'), 'x');
    expect(() => restoreSnapshot(out, kept.id, clock.now())).toThrow(/damaged/);
    expect(() => restoreSnapshot(out, '../../etc', clock.now())).toThrow(/no snapshot/);
    expect(existsSync(join(out, 'target/LOAD_PMI.csv'))).toBe(true);
  });
});

describe('a run done again from a step', () => {
  test('from verify nothing is transformed again; other rules need a new run', async () => {
    const steps = new Set<string>();
    const again = await run(source, out, { from: 'verify', progress: (step) => steps.add(step) });
    expect([...steps]).toEqual(['verify', 'gates']);
    expect(again.gates?.status).toBe('PASS');
    await expect(run(source, out, { from: 'verify', mode: 'impute' })).rejects.toThrow(/begin it anew/);
    await expect(run(source, work.place('nothing'), { from: 'resume' })).rejects.toThrow(/no run/);
  });
});

describe.skipIf(MATERIAL === null)('a contract in the older format, as a whole run', () => {
  test('runs, names what it may not guess, and counts its own defaults as made up', async () => {
    const { quality, gates } = await run(material('vectors_open/seed42_rows20/source'), work.place('older'), {
      contractPath: material('data/mapping_contract.csv'),
      crosswalksFolder: material('data/crosswalks'),
    });
    expect(gates?.status).toBe('FAIL');
    expect(quality?.category_counts.MAPPING_JOIN_UNDECLARED).toBeGreaterThan(400);
    expect(quality?.category_counts.MAPPING_NO_DRIVER).toBe(5);
    expect(quality?.figures.imputedCells).toBeGreaterThan(0);
    // measured by the catalogue's mandatory columns, and it falls short: keys and parents nothing fills
    expect(quality?.figures.mandatoryCompleteness).toBeGreaterThan(0.5);
    expect(quality?.figures.mandatoryCompleteness).toBeLessThan(0.9);
    expect(quality?.category_counts.TARGET_MANDATORY_BLANK).toBeGreaterThan(0);
    // its own strict figure, but for the five tables it invents rows for and the links it numbers by position
    expect(quality?.reference).toMatchObject({ columns_total: 880, population_ratio_strict: 0.3443 });
    expect(quality?.reference.population_ratio).toBeGreaterThan(quality?.figures.populationRatio ?? 1);
    expect(quality?.reference.population_ratio).toBeLessThan(0.3443);
    const [pmi] = readObjects(join(work.place('older'), 'target/LOAD_PMI.csv'));
    expect(pmi).toMatchObject({ of_birth: '14/03/1958', title: 'MR', pat_name_family: 'SMITH' });
    expect(readObjects(join(work.place('older'), 'lineage/LOAD_PMIADDRS.csv'))[0]?.made_up).toContain(
      'defaulted applies_start',
    );
  });

  test('options that would do nothing are refused', async () => {
    const given = { contractPath: material('data/mapping_contract.csv') };
    const policyFile = material('data/mapping_resolution_policy.json');
    await expect(run(source, work.place('refused'), { ...given, policyFile })).rejects.toThrow(/--policy/);
    const crosswalksFolder = material('data/crosswalks');
    await expect(run(source, work.place('refused'), { crosswalksFolder })).rejects.toThrow(/--crosswalks/);
  });
});

describe('history', () => {
  const folder = work.place('history');
  const file = join(folder, 'history.ndjson');
  const point = (n: number): string => JSON.stringify({ ts_utc: `2026-01-0${n}`, release_status: 'PASS' });

  test('is empty where there is none, and an error where it cannot be read', () => {
    expect(readHistory(folder, 10)).toEqual({ points: [], damaged: [] });
    mkdirSync(file, { recursive: true });
    expect(() => readHistory(folder, 10)).toThrow(/cannot be read/);
    rmSync(file, { recursive: true });
  });

  test('says which lines are damaged, and leaves only them out', () => {
    writeFileSync(file, `${point(1)}\n{"ts_utc":"2026\n${point(2)}\n{}\n17\n${point(3)}\n`);
    const { points, damaged } = readHistory(folder, 2);
    expect(damaged).toEqual([2, 4, 5]);
    expect(points.map(({ ts_utc }) => ts_utc)).toEqual(['2026-01-02', '2026-01-03']);
  });

  test('a half written line does not take the next point with it', () => {
    const judged = work.place('judged');
    cpSync(out, judged, { recursive: true });
    const path = join(judged, 'history.ndjson');
    const before = readHistory(judged, 100).points.length;
    appendFileSync(path, '{"ts_utc":"20');
    judgeAgain(judged, 'development', clock);
    const { points, damaged } = readHistory(judged, 100);
    expect(points).toHaveLength(before + 1);
    expect(damaged).toEqual([before + 1]);
  });
});
