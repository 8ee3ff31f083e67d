import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { stackSettings, status, up } from '../../src/stack/index.ts';
import { type Capture, type RecordedLine, startCapture } from '../support/capture.ts';
import { alive, byTheRule, fold, placedEvents } from '../support/position-rule.ts';

const FIXTURES = join(import.meta.dirname, '../fixtures/positions');
const record = process.env.SLUICE_RECORD === '1';
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Ends Connect as a power cut would, then lets the stack mend itself. */
async function killConnect(whileDown: () => Promise<void> = async () => undefined): Promise<void> {
  const settings = stackSettings({ ...inject('stackSettings') });
  const connect = (await status(settings)).find(({ part }) => part === 'connect');
  if (!connect?.pid) throw new Error('Connect does not run');
  process.kill(connect.pid, 'SIGKILL');
  await whileDown();
  await up(settings, { waitForFhir: false });
}

/** Checks the rule on what was recorded, and keeps the events of some keys as a fixture. */
async function keep(
  name: string,
  capture: Capture,
  columns: string,
  isKept: (id: number) => boolean,
  mayHavePhantoms = false,
): Promise<RecordedLine[]> {
  await capture.caughtUp();
  const lines = await capture.records();
  const { rows } = await capture.source.query<Record<string, unknown>>(`select ${columns} from t order by id`);
  const final = Object.fromEntries(rows.map((row) => [String(row.id), row]));
  const state = alive(fold(await placedEvents(lines, ['id']), byTheRule));
  const phantoms = Object.keys(state).filter((id) => final[id] === undefined);
  if (!mayHavePhantoms) expect(phantoms).toEqual([]);
  expect(Object.keys(final).filter((id) => state[id] === undefined)).toEqual([]);
  const wrong = Object.entries(state).filter(([id, image]) => final[id] !== undefined && final[id]?.v !== image.v);
  expect(wrong).toEqual([]);
  if (!record) return lines;
  const kept = lines.filter(({ key }) => key !== null && isKept(Number(key.id)));
  const end = Object.fromEntries(Object.entries(final).filter(([id]) => isKept(Number(id))));
  const text = [...kept, { final: end }].map((line) => JSON.stringify(line)).join('\n');
  writeFileSync(join(FIXTURES, `${name}.jsonl`), `${text}\n`);
  return lines;
}

const snapshotOf = ({ value }: RecordedLine): string =>
  String((value?.source as { snapshot?: string } | undefined)?.snapshot);

describe('positions, recorded anew', () => {
  it('a topic of several partitions', { timeout: 180_000 }, async () => {
    const tableSql = 'create table t (id int primary key, v text not null)';
    const capture = await startCapture(inject('stack'), { tableSql, partitions: 4, replicaIdentity: 'full' });
    try {
      await capture.source.query(`insert into t select i, 'seed' from generate_series(1, 12) i`);
      await capture.start();
      await capture.caughtUp();
      const other = await capture.second();
      for (let round = 0; round < 8; round += 1) {
        // two transactions interleaved over rows of different partitions; the one begun first commits last
        await capture.source.query('begin');
        await other.query('begin');
        await capture.source.query(`update t set v = 'a${round}' where id in (1, 2, 3)`);
        await other.query(`update t set v = 'b${round}' where id in (4, 5, 6)`);
        await other.query(`insert into t values (${100 + round}, 'b')`);
        await other.query('commit');
        await capture.source.query(`update t set v = 'c${round}' where id in (4, 5, ${100 + round})`);
        await capture.source.query('commit');
        // a key that moves, perhaps to another partition, and one that comes back
        await capture.source.query(`update t set id = ${200 + round} where id = ${100 + round}`);
        await capture.source.query(`delete from t where id = ${7 + (round % 3)}`);
        await capture.source.query(`insert into t values (${7 + (round % 3)}, 'again${round}')`);
      }
      const lines = await keep('11-several-partitions', capture, 'id, v', () => true);
      expect(new Set(lines.map(({ partition }) => partition)).size).toBe(4);
    } finally {
      await capture.close();
    }
  });

  it('large values that were not sent', { timeout: 180_000 }, async () => {
    const tableSql = 'create table t (id int primary key, v text not null, big text)';
    const capture = await startCapture(inject('stack'), { tableSql, partitions: 2, replicaIdentity: 'default' });
    try {
      const large = `(select string_agg(md5(i::text), '') from generate_series(1, 300) i)`;
      await capture.source.query(`insert into t select i, 'seed', ${large} from generate_series(1, 3) i`);
      await capture.start();
      await capture.caughtUp();
      await capture.source.query(`insert into t values (4, 'new', ${large})`);
      await capture.source.query(`update t set v = 'small change' where id in (1, 4)`);
      await capture.source.query(`update t set v = 'large change', big = ${large} || 'x' where id = 2`);
      await capture.source.query(`update t set v = 'small again' where id = 2`);
      await capture.source.query(`update t set id = 30, v = 'key moved' where id = 3`);
      await capture.source.query(`update t set big = null, v = 'emptied' where id = 1`);
      const lines = await keep('12-large-values-not-sent', capture, 'id, v, md5(big) as big_md5', () => true);
      const unsent = lines.filter(
        ({ value }) => (value?.after as { big?: string } | undefined)?.big === '__sluice_unsent__',
      );
      expect(unsent.length).toBeGreaterThanOrEqual(3);
    } finally {
      await capture.close();
    }
  });

  it('Connect killed in an incremental snapshot', { timeout: 240_000 }, async () => {
    const tableSql = 'create table t (id int primary key, v text not null)';
    const capture = await startCapture(inject('stack'), { tableSql, partitions: 2, replicaIdentity: 'full' });
    try {
      await capture.start();
      await capture.source.query(`insert into t select i, 'seed' from generate_series(1, 4000) i`);
      await capture.caughtUp();
      await pause(2_000);
      await capture.snapshot();
      const write = (round: number) =>
        capture.source.query(
          `update t set v = 'w${round}' where id in (select (random() * 3999)::int + 1 from generate_series(1, 25))`,
        );
      const read = async () => (await capture.records()).filter((line) => snapshotOf(line) === 'incremental');
      for (let round = 0; (await read()).length < 400; round += 1) await write(round);
      await killConnect(async () => {
        for (let round = 100; round < 110; round += 1) await write(round);
      });
      // a row that changes while its chunk is read is not sent as read, so their number tells nothing: the last key does
      const isOver = async () => (await read()).some(({ key }) => Number(key?.id) > 3_950);
      for (let round = 200; !(await isOver()); round += 1) await write(round);
      await pause(3_000);
      const hot = new Set([1, 40, 400, 800, 1200, 1600, 2400, 3200, 4000]);
      const lines = await keep(
        '13-killed-in-incremental-snapshot',
        capture,
        'id, v',
        (id) => hot.has(id) || id % 97 === 0,
      );
      expect(lines.filter((line) => snapshotOf(line) === 'incremental').length).toBeGreaterThan(3_000);
    } finally {
      await capture.close();
    }
  });

  it('an initial snapshot that was interrupted', { timeout: 240_000 }, async () => {
    const tableSql = 'create table t (id int primary key, v text not null)';
    const capture = await startCapture(inject('stack'), { tableSql, partitions: 2, replicaIdentity: 'full' });
    try {
      await capture.source.query(`insert into t select i, 'seed' from generate_series(1, 200000) i`);
      await capture.start();
      for (let there = 0; there === 0; there = (await capture.records()).length) await pause(100);
      await killConnect(async () => {
        await capture.source.query(`update t set v = 'while down' where id % 50 = 0`);
        await capture.source.query('delete from t where id % 70 = 0');
      });
      await capture.source.query(`update t set v = 'after' where id % 30 = 0`);
      const lines = await keep(
        '14-interrupted-initial-snapshot',
        capture,
        'id, v',
        (id) => id % 20_000 === 1 || id % 10_500 === 0 || (id < 2_000 && id % 210 === 0),
        true,
      );
      const first = lines.filter((line) => String((line.key as { id: number }).id) === '1');
      expect(first.length, 'the row was read twice').toBeGreaterThanOrEqual(2);
    } finally {
      await capture.close();
    }
  });
});
