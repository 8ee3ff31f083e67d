import type { CopyTable } from './copy/table.ts';
import type { Queryable } from './sql.ts';

/** What the ledger knows of one flow's work. Ages are seconds since the source commit of the oldest piece of work. */
export interface FlowFigures {
  readonly flow: string;
  readonly marks: number;
  readonly oldestMarkSeconds: number | null;
  readonly intents: number;
  readonly oldestIntentSeconds: number | null;
  readonly parked: number;
  readonly oldestParkedSeconds: number | null;
  /** parked documents, by code */
  readonly refused: Readonly<Record<string, number>>;
  readonly waiting: number;
  readonly documents: number;
  readonly issues: number;
}

export interface PartitionFigures {
  readonly topic: string;
  readonly partition: number;
  readonly nextOffset: bigint | null;
  /** newest Kafka timestamp of what is landed, null when nothing is */
  readonly logTimeMs: number | null;
  readonly worker: string;
  /** seconds since the source commit of the newest landed change */
  readonly sourceAgeSeconds: number | null;
  readonly landedAgeSeconds: number | null;
}

interface FlowRow {
  flow: string;
  n: string;
  oldest: number | null;
}

const ageOf = (column: string): string => `extract(epoch from clock_timestamp() - min(${column}))::float8`;

/** Beyond so many of a kind the age says more than their number. */
const MOST = 100_000;

/**
 * Roots that are to be derived, of one moment: what is marked, and what the next tick marks because the document it waits
 * for is written or its time has come. Without these a flow would seem to owe nothing in between. Each flow is cut off by
 * itself, as one with many would hide the others, and by its newest, so that its oldest stays. Marks are asked for in two
 * ways, as there is an index for each that has them in the order of their flow. Timers have one by time alone, which is
 * used for a moment that stands still in the statement: only what is due is read, of all flows.
 */
const TO_DERIVE = `select f.flow, count(*) as n, ${ageOf('m.source_time')} as oldest
  from unnest($2::text[]) as f(flow) cross join lateral (
    (select source_time from sluice.mark where pipeline = $1 and flow = f.flow and part = '' order by id limit ${MOST})
    union all
    (select source_time from sluice.mark where pipeline = $1 and flow = f.flow and part <> '' order by id limit ${MOST})
    union all
    (select clock_timestamp() from sluice.waiting w
       join sluice.document d on d.pipeline = w.pipeline and d.target = w.need_target and d.id = w.need_id and not d.gone
     where w.pipeline = $1 and w.flow = f.flow limit ${MOST})
    union all
    (select at from sluice.timer
     where pipeline = $1 and flow = f.flow and at <= date_trunc('minute', statement_timestamp()) order by at limit ${MOST})
  ) m group by f.flow`;

/** Counts by flow. What is to be derived is counted up to 100,000 of a kind and flow. */
export async function flowFigures(
  db: Queryable,
  pipeline: string,
  flows: readonly string[],
  copies: ReadonlyMap<string, CopyTable>,
): Promise<readonly FlowFigures[]> {
  const marks = await grouped(db, TO_DERIVE, pipeline, flows);
  const intents = await grouped(
    db,
    `select flow, count(*) as n, ${ageOf('source_time')} as oldest from sluice.intent
     where pipeline = $1 and state <> 'parked' group by flow`,
    pipeline,
  );
  const parked = await grouped(
    db,
    `select flow, count(*) as n, ${ageOf('first_at')} as oldest from sluice.parked
     where pipeline = $1 and state = 'parked' group by flow`,
    pipeline,
  );
  const refused = await db.query<{ flow: string; code: string; n: number }>(
    `select flow, code, count(*)::int as n from sluice.parked
     where pipeline = $1 and state = 'parked' and kind = 'document' group by flow, code order by flow, code`,
    [pipeline],
  );
  const waiting = await grouped(
    db,
    'select flow, count(distinct root) as n, null::float8 as oldest from sluice.waiting where pipeline = $1 group by flow',
    pipeline,
  );
  const documents = await grouped(
    db,
    'select flow, count(*) as n, null::float8 as oldest from sluice.document where pipeline = $1 and not gone group by flow',
    pipeline,
  );
  const issues = await grouped(
    db,
    'select flow, count(*) as n, null::float8 as oldest from sluice.root_issue where pipeline = $1 group by flow',
    pipeline,
  );
  const copied = new Map<string, number>();
  for (const [flow, table] of copies) copied.set(flow, await table.estimate(db));
  return flows.map((flow) => ({
    flow,
    marks: marks.get(flow)?.n ?? 0,
    oldestMarkSeconds: marks.get(flow)?.oldest ?? null,
    intents: intents.get(flow)?.n ?? 0,
    oldestIntentSeconds: intents.get(flow)?.oldest ?? null,
    parked: parked.get(flow)?.n ?? 0,
    oldestParkedSeconds: parked.get(flow)?.oldest ?? null,
    refused: Object.fromEntries(refused.rows.filter((row) => row.flow === flow).map(({ code, n }) => [code, n])),
    waiting: waiting.get(flow)?.n ?? 0,
    documents: copied.get(flow) ?? documents.get(flow)?.n ?? 0,
    issues: issues.get(flow)?.n ?? 0,
  }));
}

async function grouped(
  db: Queryable,
  sql: string,
  ...values: readonly (string | readonly string[])[]
): Promise<ReadonlyMap<string, { n: number; oldest: number | null }>> {
  const found = await db.query<FlowRow>(sql, [...values]);
  return new Map(found.rows.map((row) => [row.flow, { n: Number(row.n), oldest: row.oldest }]));
}

export async function partitionFigures(db: Queryable, pipeline: string): Promise<readonly PartitionFigures[]> {
  const found = await db.query<{
    topic: string;
    part: number;
    next_offset: string | null;
    log_time_ms: string | null;
    worker: string;
    source_age: number | null;
    landed_age: number | null;
  }>(
    `select topic, part, next_offset, log_time_ms, worker,
       extract(epoch from clock_timestamp() - source_time)::float8 as source_age,
       extract(epoch from clock_timestamp() - landed_at)::float8 as landed_age
     from sluice.progress where pipeline = $1 order by topic, part`,
    [pipeline],
  );
  return found.rows.map((row) => ({
    topic: row.topic,
    partition: row.part,
    nextOffset: row.next_offset === null ? null : BigInt(row.next_offset),
    logTimeMs: row.log_time_ms === null ? null : Number(row.log_time_ms),
    worker: row.worker,
    sourceAgeSeconds: row.source_age,
    landedAgeSeconds: row.landed_age,
  }));
}
