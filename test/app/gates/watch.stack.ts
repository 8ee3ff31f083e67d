import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import type { Config } from '../../../src/app/config.ts';
import { forgetFigures, longestWindowMs } from '../../../src/app/gates/forget.ts';
import type { Judgement } from '../../../src/app/gates/judge.ts';
import { judgesPhases } from '../../../src/app/gates/judges.ts';
import { openGateRecords } from '../../../src/app/gates/records.ts';
import { watchGates } from '../../../src/app/gates/watch.ts';
import { type Clock, silentLog } from '../../../src/core/index.ts';
import { openPool, PostgresMeasurements, PostgresMeasurementWindow } from '../../../src/sinks/postgres/index.ts';
import { oneFigure, passingFigures } from '../../support/gate-figures.ts';
import { MINI_SQL, mini } from '../../support/mini-migration.ts';
import { type ServiceDatabase, serviceDatabase } from '../../support/service-database.ts';

const START = Date.parse('2026-03-10T12:00:00Z');
const FLOWS = mini.flows.map(({ name }) => name);
const [FIRST = '', SECOND = ''] = FLOWS;

let db: ServiceDatabase;
let folder: string;

beforeAll(async () => {
  db = await serviceDatabase(inject('stack').postgres, mini, { mini: MINI_SQL });
  folder = mkdtempSync(join(tmpdir(), 'sluice-gates-'));
});
afterAll(async () => {
  await db?.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => db.pool.query('delete from sluice.measurement'));

interface Shown {
  readonly ms: number;
  readonly name: string;
  readonly of: string;
  readonly value: number;
}

/** Lets the watch run on a clock of its own for so many seconds; `tick` happens at each of its sleeps. */
async function watched(
  seconds: number,
  tick: (ms: number) => Promise<unknown>,
  pool = db.pool,
  speed = 1,
): Promise<Shown[]> {
  const shown: Shown[] = [];
  let ms = START;
  const stopping = new AbortController();
  const clock: Clock = {
    now: () => ms,
    async sleep(by) {
      ms += by * speed;
      await tick(ms);
      if (ms >= START + seconds * 1000) stopping.abort();
    },
  };
  const config = { gatesAnchor: join(folder, 'anchor.ndjson'), servicesUrl: db.url } as Config;
  await watchGates('supabase', {
    migration: mini.name,
    judge: judgesPhases('supabase', mini, new PostgresMeasurementWindow(pool)),
    records: openGateRecords(config, pool),
    meter: {
      gauge: (name, { gate, clause, phase }, value) =>
        void shown.push({ ms, name, of: `${gate} ${clause ?? phase}`, value }),
    },
    clock,
    worker: 'test',
    log: silentLog,
    signal: stopping.signal,
  });
  return shown;
}

/** What every minute brings while all is well. */
async function wellAt(ms: number): Promise<void> {
  const all = [
    ...['cdc.lateRatio', 'cdc.lateDeliveryRatio', 'cdc.owedSeconds'].flatMap((figure) =>
      FLOWS.map((flow) => [figure, flow]),
    ),
    ...['cdc.heartbeatAgeSeconds', 'cdc.openGaps', 'bundles.invalid'].map((figure) => [figure, '']),
  ];
  await db.pool.query(
    `insert into sluice.measurement (migration, flow, figure, value, at, sample, coverage, oldest_seconds, source)
     select $1, flow, figure, 0, to_timestamp($2), 1000, 1, 1, 'test' from unnest($3::text[], $4::text[]) t (figure, flow)`,
    [mini.name, ms / 1000, all.map(([figure]) => figure), all.map(([, flow]) => flow)],
  );
}

const shownOf = ({ profile, checks }: Judgement) => ({ profile, checks });

const passOf = (shown: readonly Shown[]): readonly Shown[] =>
  shown.filter(({ name, of }) => name === 'sluice_gate_pass' && of === 'foundation foundation');

describe('gates of a running process', () => {
  test('every label set is there before anything was judged, and says that there is no evidence', async () => {
    const shown = await watched(0, async () => undefined);
    const first = shown.filter(({ ms }) => ms === START).slice(0, shown.length / 2);
    expect(first.filter(({ name }) => name === 'sluice_gate_pass').map(({ value }) => value)).toEqual([0, 0, 0, 0, 0]);
    const current = shown.filter(({ name }) => name === 'sluice_gate_current').slice(-5);
    expect(current.filter(({ value }) => value === 1).map(({ of }) => of)).toEqual(['foundation foundation']);
    expect(new Set(first.filter(({ name }) => name === 'sluice_gate_clause').map(({ value }) => value))).toEqual(
      new Set([-1]),
    );
  });

  test.each([
    ['a flow is behind', { figure: 'cdc.owedSeconds', flow: FIRST, value: 301 }, 'CDC_NEVER_STALLED', 0, 0],
    ['one flow of all is late', { figure: 'cdc.lateRatio', flow: SECOND, value: 1e6 }, 'CDC_LAG_UNDER_5S', 0, 0],
    ['a gap is found', { figure: 'cdc.openGaps', value: 1 }, 'CDC_NO_GAP', 0, 0],
    ['a figure is no number', { figure: 'bundles.invalid', value: Number.NaN }, 'BUNDLES_VALID', 0, -1],
    ['evidence ends', null, 'CDC_HEARTBEAT', 120, -1],
  ])('flip to FAIL within 60 s after %s', async (_, bad, clause, afterSeconds, shows) => {
    await passingFigures(db.pool, 'foundation', { migration: mini.name, flows: FLOWS, until: START });
    const BREAK = START + 60_000;
    let broken = false;
    const shown = await watched(bad === null ? 225 : 135, async (ms) => {
      if (bad === null ? ms < BREAK : true) await wellAt(ms);
      if (bad !== null && ms >= BREAK && !broken) {
        broken = true;
        await oneFigure(db.pool, { migration: mini.name, until: ms }, bad);
      }
    });
    const passes = passOf(shown);
    const before = passes.filter(({ ms }) => ms > START && ms < BREAK);
    expect(before.length).toBeGreaterThan(2);
    expect(before.every(({ value }) => value === 1)).toBe(true);
    const flipped = passes.find(({ ms, value }) => ms >= BREAK && value === 0);
    expect(((flipped?.ms ?? Number.POSITIVE_INFINITY) - BREAK) / 1000 - afterSeconds).toBeLessThanOrEqual(60);
    expect(passes.filter(({ ms }) => ms > (flipped?.ms ?? 0)).every(({ value }) => value === 0)).toBe(true);
    expect(shown.findLast(({ of }) => of === `foundation ${clause}`)?.value).toBe(shows);
  });

  test('keeps evidence when the verdict changes and each hour, not each time', async () => {
    await db.pool.query(
      `set session_replication_role = replica; delete from sluice.gate_record; reset session_replication_role`,
    );
    await watched(7_300, async () => undefined, db.pool, 40);
    const found = await db.pool.query<{ subject: string; at: string }>(
      'select subject, at from sluice.gate_record order by seq',
    );
    expect(found.rows.filter(({ subject }) => subject === 'foundation').map(({ at }) => at.slice(11, 16))).toEqual([
      '12:00',
      '13:00',
      '14:00',
    ]);
  });

  test('a ledger that does not answer is FAIL without evidence', async () => {
    await passingFigures(db.pool, 'foundation', { migration: mini.name, flows: FLOWS, until: START });
    const pool = openPool(db.url, 2);
    let ended = false;
    const shown = await watched(
      60,
      async (ms) => {
        await wellAt(ms);
        if (!ended && ms >= START + 30_000) {
          ended = true;
          await pool.end();
        }
      },
      pool,
    );
    expect(passOf(shown).map(({ value }) => value)).toContain(1);
    expect(passOf(shown).at(-1)?.value).toBe(0);
    expect(shown.findLast(({ of }) => of === 'foundation CDC_HEARTBEAT')?.value).toBe(-1);
  });

  test('what is old is removed, and nothing that an open window of a clause reaches', async () => {
    const DAY = 86_400_000;
    await passingFigures(db.pool, 'write-strangler', { migration: mini.name, flows: FLOWS, until: START });
    const ages = {
      'cdc.owedSeconds': [3, 1],
      'writes.errorRatio': [9, 6.9],
      'legacy.readOnly': [3],
      'archive.faults': [32, 29.9],
    };
    for (const [figure, days] of Object.entries(ages))
      for (const value of days)
        await oneFigure(
          db.pool,
          { migration: mini.name, until: START - value * DAY },
          { figure: `${figure}`, flow: 'old', value },
        );
    await oneFigure(db.pool, { migration: 'other', until: START - 99 * DAY }, { figure: 'x', flow: 'old', value: 99 });
    const before = (await judgesPhases('supabase', mini, new PostgresMeasurements(db.pool))(START)).map(shownOf);
    const stopping = new AbortController();
    await forgetFigures({
      migration: mini.name,
      measurements: new PostgresMeasurements(db.pool),
      keepDays: 2,
      clock: { now: () => START, sleep: async () => stopping.abort() },
      log: silentLog,
      signal: stopping.signal,
    });
    const { rows } = await db.pool.query<{ value: number }>(
      `select value from sluice.measurement where flow = 'old' order by value`,
    );
    expect(rows.map(({ value }) => value)).toEqual([1, 6.9, 29.9, 99]);
    expect((await judgesPhases('supabase', mini, new PostgresMeasurements(db.pool))(START)).map(shownOf)).toEqual(
      before,
    );
    expect(longestWindowMs('writes.errorRatio')).toBe(7 * DAY);
    expect(longestWindowMs('of.nobody')).toBe(0);
  });

  test('a window that is held and moves is the window that is read at once', async () => {
    const held = new PostgresMeasurementWindow(db.pool);
    const whole = new PostgresMeasurements(db.pool);
    for (let n = 0; n < 12; n++) {
      const until = START + n * 40_000;
      await oneFigure(db.pool, { migration: 'mini', until }, { figure: 'x', value: n });
      // one that was measured earlier and comes late
      await oneFigure(db.pool, { migration: 'mini', until: until - 90_500 }, { figure: 'x', value: -n });
      const window = ['mini', 'x', new Date(until - 200_000).toISOString(), new Date(until).toISOString()] as const;
      const values = (found: readonly { value: number }[]) => found.map(({ value }) => value).sort();
      expect(values(await held.between(...window))).toEqual(values(await whole.between(...window)));
    }
  });
});
