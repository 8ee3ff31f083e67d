import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openPipeline } from '../../src/app/pipeline.ts';
import { replayInto } from '../../src/app/replay.ts';
import { shadowDiff } from '../../src/app/shadow/diff.ts';
import { CHANGED_TARGET, changedRule } from '../support/changed-rule.ts';
import { writeTable } from '../support/report.ts';
import { type Rig, startRig } from '../support/rig.ts';

/** 200,000 unless told: a smaller run shows that it works, not how fast it is */
const EVENTS = Number(process.env.SLUICE_REPLAY_EVENTS ?? 200_000);
const ROWS = EVENTS < 50_000 ? 60 : 300;

/** What most events are of: tables without FHIR, whose server would take an hour for a history of so many. */
const CHANGES = [
  'update public.appointment_requests set message = $1::text',
  'update public.partner_label_queue set priority = $1::text',
  'update public.partner_stock_levels set quantity = (quantity + length($1::text)) % 1000',
];
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('a replay of many events', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig(inject('stack'), { rows: ROWS, seed: 91n });
    rig.startWorker();
    await rig.settled(170);
  }, 240_000);
  afterAll(() => rig.close());

  /** Milliseconds from a commit at the source until the target shows it, again and again. */
  async function latencies(signal: AbortSignal): Promise<number[]> {
    const { rows } = await rig.source.query<{ id: string }>('select min(id::text) as id from public.appointments');
    const id = rows[0]?.id;
    const shown = 'select notes from scheduling.appointment where legacy_id::text = $1';
    const found: number[] = [];
    for (let n = 0; !signal.aborted; n += 1) {
      const text = `probe ${n}`;
      await rig.source.query('update public.appointments set notes = $2 where id = $1', [id, text]);
      const began = performance.now();
      while ((await rig.open.pool.query<{ notes: string }>(shown, [id])).rows[0]?.notes !== text) await pause(5);
      found.push(performance.now() - began);
      await pause(200);
    }
    return found.sort((x, y) => x - y);
  }

  const p = (sorted: readonly number[], share: number): string =>
    `${Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN)} ms`;

  it(`${EVENTS} events go into a shadow that differs in nothing, beside a live run that goes on`, async () => {
    await rig.source.query(`update public.appointments set notes = 'as it was'`);
    for (let done = 0, n = 0; done < EVENTS; n += 1)
      done += (await rig.source.query(CHANGES[n % CHANGES.length] ?? '', [`round ${n}`])).rowCount ?? 0;
    await rig.settled(1_200);
    const idle = new AbortController();
    setTimeout(() => idle.abort(), 15_000);
    const before = await latencies(idle.signal);
    const stop = new AbortController();
    const beside = latencies(stop.signal);
    const replayed = await replayInto(rig.config, {
      migration: 'supabase',
      shadow: 'many',
      onProgress: () => undefined,
    }).finally(() => stop.abort());
    const during = await beside;
    await rig.settled(120);
    const open = openPipeline(rig.config, 'supabase', 'many');
    const began = performance.now();
    const diff = await shadowDiff(open, false);
    const seconds = (performance.now() - began) / 1000;
    await open.close();
    writeTable(
      'replay',
      'A replay into a shadow, and the live run beside it',
      [
        'events',
        'seconds',
        'events/s',
        'diff, seconds',
        'live p50 before',
        'p99 before',
        'live p50 during',
        'p99 during',
      ],
      [
        [
          replayed.records,
          replayed.seconds.toFixed(1),
          (Number(replayed.records) / replayed.seconds).toFixed(0),
          seconds.toFixed(1),
          p(before, 0.5),
          p(before, 0.99),
          p(during, 0.5),
          p(during, 0.99),
        ],
      ],
      [
        `${EVENTS} changes of appointment requests, labels and stock, in rows of ${ROWS} submissions, and all twelve tables as they were seeded. ` +
          'Live: from a commit at the source until the appointment shows it.',
      ],
    );
    // the row that is probed has gone on since the replay read its end, and its history with it
    const wrong = diff.changes.filter(({ kind, count }) => kind === 'appears' || (kind === 'field' && count > 1));
    expect(wrong).toEqual([]);
    expect(Number(replayed.records)).toBeGreaterThanOrEqual(EVENTS);
  }, 2_400_000);

  it('by a changed rule it shows exactly the field that the rule touches', async () => {
    await replayInto(rig.config, {
      migration: 'supabase',
      shadow: 'ruled',
      rules: changedRule,
      onProgress: () => undefined,
    });
    const open = openPipeline(rig.config, 'supabase', 'ruled');
    const diff = await shadowDiff(open, false);
    await open.close();
    const { rows } = await rig.source.query<{ n: number }>('select count(*)::int as n from public.appointments');
    expect(diff.changes.map(({ keys: _, ...rest }) => rest)).toEqual([
      {
        ...{ rule: 'transformer appointments', flow: 'appointments', target: CHANGED_TARGET },
        ...{ kind: 'field', path: 'notes', count: rows[0]?.n },
      },
    ]);
  }, 2_400_000);
});
