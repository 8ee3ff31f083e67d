import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { postgresSchema } from '../../src/app/pas/source-database.ts';
import type { JsonObject } from '../../src/core/index.ts';
import { byBusinessKey, run, workFolder } from '../support/pas-run.ts';
import { links, rejectLines, rejectsOfRun, tablesByKey } from '../support/pas-stream.ts';
import { recovers } from '../support/recovery.ts';
import { type Rig, startRig } from '../support/rig.ts';

/** Where a worker is ended, and after how many passes of that place. */
const POINTS = ['landed:3', 'before-commit:6', 'commit-sent:5', 'marks-deleted:2'] as const;

describe('kill -9 while V83 is followed', () => {
  let rig: Rig;
  const work = workFolder();
  beforeAll(async () => {
    rig = await startRig(inject('stack'), { migration: 'pas', rows: 12, variables: { SLUICE_PAS_TEST_DATA: 'on' } });
  }, 120_000);
  afterAll(async () => {
    await rig.close();
    work.done();
  });

  it('the tables come to what a run makes of the same rows, and no number is given twice', async () => {
    const traffic = rig.sluice('traffic', 'pas', '--rate', '8', '--for', '20s', '--json');
    for (const point of POINTS) {
      const worker = rig.startWorker([], point, 'one');
      const patience = new Promise<string>((resolve) => setTimeout(() => resolve('not reached'), 60_000).unref());
      const end = await Promise.race([worker.exited.then(() => worker.child.signalCode), patience]);
      expect(end, `${point}\n${worker.log().slice(-500)}`).toBe('SIGKILL');
    }
    const worker = rig.startWorker();
    const done = await traffic;
    expect(done.code, done.err).toBe(0);
    await recovers('kill -9 of a worker that follows V83', 120, () => rig.settled(120));

    const out = work.place('run');
    const extract = postgresSchema(rig.config.sourceUrl('pas'), 'v83');
    await run(extract, out);
    await extract.close();
    const names = await rig.open.pool.query<{ name: string }>(
      `select tablename as name from pg_tables where schemaname = 'pas184' and tablename <> 'schema_version'`,
    );
    const loaded = new Map<string, readonly JsonObject[]>();
    for (const { name } of names.rows) {
      const { rows } = await rig.open.pool.query<{ row: JsonObject }>(
        `select to_jsonb(t) as row from pas184.${name} t`,
      );
      loaded.set(
        name,
        rows.map(({ row }) => row),
      );
    }
    const read = (table: string) => loaded.get(table.toLowerCase()) ?? [];
    const actual = tablesByKey(read);
    for (const [table, text] of byBusinessKey(out, links)) expect(actual.get(table), table).toBe(text);
    expect(rejectLines(read('rejects'))).toEqual(rejectsOfRun(out));
    const twice = await rig.open.pool.query(
      'select series, number, count(*) from sluice.number group by 1, 2 having count(*) > 1',
    );
    expect(twice.rows).toEqual([]);
    expect(worker.log()).not.toMatch(/"level":50/);
  }, 400_000);
});
