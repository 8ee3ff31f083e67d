import type pg from 'pg';
import { type Clock, opaqueKey } from '../../core/index.ts';
import { classify } from '../../sinks/postgres/index.ts';
import type { Legacy } from './legacy.ts';

/**
 * missing: at the source, not here. vanished: here, gone from the source without a deletion having come. orphan: its order is
 * not here. Those are ours. The others are what the source itself tells: reordered: recorded after an event that happened
 * later. status_gap: the status before it was skipped. silent_status: the order's status is that of no newest event.
 */
export const GAP_KINDS = ['missing', 'vanished', 'orphan', 'reordered', 'status_gap', 'silent_status'] as const;
export type GapKind = (typeof GAP_KINDS)[number];

const OURS: readonly GapKind[] = ['missing', 'vanished', 'orphan'];

export interface Gap {
  readonly kind: GapKind;
  /** of the event, and of its order; hashes of their ids */
  readonly event: string | null;
  readonly order: string;
  readonly detail: string;
}

export interface GapReport {
  readonly sourceEvents: number;
  readonly events: number;
  readonly amendments: number;
  readonly tombstones: number;
  readonly counts: Readonly<Record<GapKind, number>>;
  readonly gaps: readonly Gap[];
  /** nothing of ours is missing */
  readonly whole: boolean;
}

interface Found {
  readonly kind: GapKind;
  readonly event: string | null;
  readonly lab_order: string;
  readonly detail: string;
}

const HERE = `
  with event as (
    select e.*, o.id as order_there,
           lag(event_status) over w as status_before,
           max(created_at) over (partition by lab_order_legacy_id order by occurred_at, created_at, e.legacy_id
                                 rows between unbounded preceding and 1 preceding) as recorded_before
    from diagnostics.lab_order_event e
    left join (select id, legacy_id from diagnostics.lab_order) o on o.legacy_id = e.lab_order_legacy_id
    window w as (partition by lab_order_legacy_id order by occurred_at, created_at, e.legacy_id)),
  rank(status, n) as (values ('draft', 0), ('submitted', 1), ('in_transit', 2), ('results_received', 3), ('results_reviewed', 4)),
  newest as (
    select distinct on (lab_order_legacy_id) lab_order_legacy_id, legacy_id, event_status from diagnostics.lab_order_event
    where event_status is not null order by lab_order_legacy_id, occurred_at desc, created_at desc, legacy_id desc)
  select 'orphan' as kind, legacy_id::text as event, lab_order_legacy_id::text as lab_order, '' as detail
  from event where order_there is null
  union all
  select 'reordered', legacy_id::text, lab_order_legacy_id::text,
         'recorded ' || round(extract(epoch from recorded_before - created_at)) || ' s before an earlier one'
  from event where recorded_before > created_at
  union all
  select 'status_gap', event.legacy_id::text, lab_order_legacy_id::text, status_before || ' -> ' || event_status
  from event join rank a on a.status = status_before join rank b on b.status = event_status where b.n > a.n + 1
  union all
  select 'silent_status', newest.legacy_id::text, o.legacy_id::text, newest.event_status || ', the order is ' || o.status
  from diagnostics.lab_order o join newest on newest.lab_order_legacy_id = o.legacy_id
  where o.deleted_at is null and o.status <> newest.event_status
  order by 1, 3, 2`;

const POLL_MS = 500;

/** Compares the events on both sides, once what is on its way has come, and shows what their order tells. */
export async function findGaps(
  legacy: Legacy,
  pool: pg.Pool,
  options: { readonly clock: Clock; readonly waitMs: number; readonly signal: AbortSignal },
): Promise<GapReport> {
  const { clock, waitMs, signal } = options;
  for (const started = clock.now(); ; ) {
    const report = await look(legacy, pool);
    if (report.whole || signal.aborted || clock.now() - started >= waitMs) return report;
    await clock.sleep(POLL_MS, signal);
  }
}

async function look(legacy: Legacy, pool: pg.Pool): Promise<GapReport> {
  const source = await legacy.query<{ id: string; lab_order: string }>(
    'select id::text, lab_order_id::text as lab_order from public.lab_order_events',
  );
  const here = await rows<{ id: string; lab_order: string; gone: boolean }>(
    pool,
    `select e.legacy_id::text as id, e.lab_order_legacy_id::text as lab_order,
            exists (select 1 from diagnostics.lab_order_event_tombstone t where t.legacy_id = e.legacy_id) as gone
     from diagnostics.lab_order_event e`,
  );
  const [papers] = await rows<{ amendments: number; tombstones: number }>(
    pool,
    `select (select count(*)::int from diagnostics.lab_order_event_amendment) as amendments,
            (select count(*)::int from diagnostics.lab_order_event_tombstone) as tombstones`,
  );
  const known = new Set(here.map(({ id }) => id));
  const living = new Set(source.map(({ id }) => id));
  const found: Found[] = [
    ...source.flatMap(({ id, lab_order }) =>
      known.has(id) ? [] : [{ kind: 'missing' as const, event: id, lab_order, detail: '' }],
    ),
    ...here.flatMap(({ id, lab_order, gone }) =>
      gone || living.has(id) ? [] : [{ kind: 'vanished' as const, event: id, lab_order, detail: '' }],
    ),
    ...(await rows<Found>(pool, HERE)),
  ];
  const counts = Object.fromEntries(
    GAP_KINDS.map((kind) => [kind, found.filter((one) => one.kind === kind).length]),
  ) as Record<GapKind, number>;
  return {
    sourceEvents: source.length,
    events: here.length,
    amendments: papers?.amendments ?? 0,
    tombstones: papers?.tombstones ?? 0,
    counts,
    gaps: found.map(({ kind, event, lab_order, detail }) => ({
      kind,
      event: event === null ? null : opaqueKey(event),
      order: opaqueKey(lab_order),
      detail,
    })),
    whole: OURS.every((kind) => counts[kind] === 0),
  };
}

async function rows<T extends pg.QueryResultRow>(pool: pg.Pool, sql: string): Promise<readonly T[]> {
  try {
    return (await pool.query<T>(sql)).rows;
  } catch (error) {
    throw classify(error);
  }
}
