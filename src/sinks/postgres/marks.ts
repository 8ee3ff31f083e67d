import { type Flow, isAtRoot, type Joint, jointsOf, type Mark, type Part } from '../../core/index.ts';
import { texts } from './arrays.ts';
import type { LedgerContext } from './context.ts';
import { wakeIntents } from './intents.ts';
import { linkColumn } from './landed-tables.ts';
import type { Queryable } from './sql.ts';

/** The greatest id there is: no end. */
export const NEWEST = 9_223_372_036_854_775_807n;

export async function markedRoots(
  db: Queryable,
  pipeline: string,
  flow: string,
  limit: number,
  after: bigint,
  upTo: bigint,
): Promise<{ keys: readonly string[]; last: bigint }> {
  const found = await db.query<{ id: string; key: string }>(
    `select id, key from sluice.mark where pipeline = $1 and flow = $2 and part = '' and id > $4 and id <= $5
     order by id limit $3`,
    [pipeline, flow, limit, String(after), String(upTo)],
  );
  const last = found.rows.at(-1)?.id;
  return { keys: [...new Set(found.rows.map((row) => row.key))], last: last === undefined ? after : BigInt(last) };
}

interface JoinMark {
  id: string;
  part: string;
  key: string;
  source_time: string;
}

/** Turns marks of joined keys one step towards the root, in one transaction: the new marks come as the old ones go. */
export async function expandMarks(
  db: Queryable,
  context: LedgerContext,
  flow: Flow,
  limit: number,
  upTo: bigint,
): Promise<number> {
  const found = await db.query<JoinMark>(
    `select id, part, key, source_time::text from sluice.mark
     where pipeline = $1 and flow = $2 and part <> '' and id <= $4 order by id limit $3 for update skip locked`,
    [context.pipeline, flow.name, limit, String(upTo)],
  );
  if (found.rows.length === 0) return 0;
  for (const part of flow.parts) {
    const marks = found.rows.filter((mark) => mark.part === part.name);
    if (marks.length > 0) await expandPart(db, context, flow, part, marks);
  }
  await db.query('delete from sluice.mark where id = any($1::bigint[])', [found.rows.map((mark) => mark.id)]);
  return found.rows.length;
}

/** `key` of these marks is a value of the joined side; the rows that point at it are in the part it hangs from. */
async function expandPart(
  db: Queryable,
  context: LedgerContext,
  flow: Flow,
  part: Part,
  marks: readonly JoinMark[],
): Promise<void> {
  for (const joint of jointsOf(part))
    if (!isAtRoot(joint) && joint.quiet !== true) await expandJoint(db, context, flow, joint, marks);
}

async function expandJoint(
  db: Queryable,
  context: LedgerContext,
  flow: Flow,
  joint: Joint,
  marks: readonly JoinMark[],
): Promise<void> {
  const parent = flow.parts.find((candidate) => candidate.name === joint.part);
  const tableName = parent ? parent.table : 'table' in flow.root ? flow.root.table : null;
  if (tableName === null) return;
  const table = context.table(tableName);
  const pointing = joint.link === 'key' ? 'key' : linkColumn(joint.link);
  // what the found rows are known by one step further up: the root's key, or the value their own join goes by
  const known = parent && parent.link !== 'key' ? linkColumn(parent.link) : 'key';
  for (const name of above(parent))
    await db.query(
      `insert into sluice.mark (pipeline, flow, part, key, source_time)
     select $1, $2, $3, t.${known}, min(u.source_time)
     from unnest($4::text[], $5::timestamptz[]) u(key, source_time) join ${table.sql} t on t.${pointing} = u.key
     where t.${known} is not null group by t.${known}`,
      [context.pipeline, flow.name, name, marks.map((mark) => mark.key), marks.map((mark) => mark.source_time)],
    );
}

/** What the rows found are marked as: '' for roots. */
function above(parent: Part | undefined): ReadonlySet<string> {
  if (!parent) return new Set(['']);
  const joints = jointsOf(parent).filter(({ quiet }) => quiet !== true);
  return new Set(joints.map((joint) => (isAtRoot(joint) ? '' : parent.name)));
}

/**
 * Moves the landed tick to `now` and marks what has become possible: roots whose time has come, roots whose needed
 * documents have been written, and intents whose needs were acknowledged. Answers how much it woke.
 */
export async function tick(db: Queryable, pipeline: string, now: string): Promise<number> {
  await db.query(
    `update sluice.pipeline set as_of = greatest(as_of, date_trunc('minute', $2::timestamptz)) where name = $1
       and as_of < date_trunc('minute', $2::timestamptz)`,
    [pipeline, now],
  );
  const timers = await db.query(
    `with due as (delete from sluice.timer t using sluice.pipeline p
       where p.name = $1 and t.pipeline = $1 and t.at <= p.as_of returning t.flow, t.root)
     insert into sluice.mark (pipeline, flow, key, source_time) select $1, flow, root, clock_timestamp() from due`,
    [pipeline],
  );
  const parents = await db.query(
    `with met as (delete from sluice.waiting w using sluice.document d
       where w.pipeline = $1 and d.pipeline = $1 and d.target = w.need_target and d.id = w.need_id and not d.gone
       returning w.flow, w.root, w.source_time)
     insert into sluice.mark (pipeline, flow, key, source_time)
     select $1, flow, root, coalesce(min(source_time), clock_timestamp()) from met group by flow, root`,
    [pipeline],
  );
  return (timers.rowCount ?? 0) + (parents.rowCount ?? 0) + (await wakeIntents(db, pipeline));
}

/** The id of the newest mark of these flows, of roots or of joined keys; null when there is none. */
export async function newestMark(db: Queryable, pipeline: string, flows: readonly string[]): Promise<bigint | null> {
  const found = await db.query<{ id: string | null }>(
    'select max(id) as id from sluice.mark where pipeline = $1 and flow = any($2)',
    [pipeline, flows],
  );
  const id = found.rows[0]?.id ?? null;
  return id === null ? null : BigInt(id);
}

/** How many marks of these flows there are that are no newer than `upTo`. */
export async function marksUpTo(
  db: Queryable,
  pipeline: string,
  flows: readonly string[],
  upTo: bigint,
): Promise<number> {
  const found = await db.query<{ n: number }>(
    'select count(*)::int as n from sluice.mark where pipeline = $1 and flow = any($2) and id <= $3',
    [pipeline, flows, String(upTo)],
  );
  return found.rows[0]?.n ?? 0;
}

export async function insertMarks(db: Queryable, pipeline: string, marks: readonly Mark[]): Promise<void> {
  if (marks.length === 0) return;
  await db.query(
    `insert into sluice.mark (pipeline, flow, part, key, source_time)
     select $1, u.flow, u.part, u.key, u.source_time
     from unnest($2::text[], $3::text[], $4::text[], $5::timestamptz[]) as u(flow, part, key, source_time)`,
    [
      pipeline,
      texts(marks.map((mark) => mark.flow)),
      texts(marks.map((mark) => mark.part)),
      texts(marks.map((mark) => mark.key)),
      marks.map((mark) => mark.sourceTime),
    ],
  );
}
