import type { Json } from '../../core/index.ts';
import { insertMarks } from './marks.ts';
import { isoMicros, type Queryable } from './sql.ts';

export interface ParkedItem {
  readonly id: string;
  readonly kind: 'record' | 'root' | 'document';
  readonly scope: string;
  readonly key: string;
  readonly flow: string;
  readonly code: string;
  readonly detail: Json;
  readonly topic: string | null;
  readonly partition: number | null;
  readonly offset: string | null;
  readonly state: string;
  readonly attempts: number;
  readonly firstAt: string;
  readonly lastAt: string;
}

export interface ParkedFilter {
  readonly id?: string;
  readonly flow?: string;
  readonly code?: string;
  readonly kind?: string;
  readonly limit?: number;
}

const COLUMNS = `id, kind, scope, key, flow, code, detail, topic, part as partition, "offset", state, attempts,
  ${isoMicros('first_at')} as "firstAt", ${isoMicros('last_at')} as "lastAt"`;

function conditions(pipeline: string, filter: ParkedFilter): { where: string; values: unknown[] } {
  const values: unknown[] = [pipeline];
  const where = ["pipeline = $1 and state = 'parked'"];
  const add = (sql: string, value: unknown): void => {
    values.push(value);
    where.push(sql.replace('?', `$${values.length}`));
  };
  if (filter.id !== undefined) add('id = ?', filter.id);
  if (filter.flow !== undefined) add(`(flow = ? or scope = $${values.length + 1})`, filter.flow);
  if (filter.code !== undefined) add('code = ?', filter.code);
  if (filter.kind !== undefined) add('kind = ?', filter.kind);
  return { where: where.join(' and '), values };
}

export async function listParked(db: Queryable, pipeline: string, filter: ParkedFilter): Promise<ParkedItem[]> {
  const { where, values } = conditions(pipeline, filter);
  const limit = filter.limit === undefined ? '' : ` limit ${Math.trunc(filter.limit)}`;
  const found = await db.query<ParkedItem & { offset: string | null }>(
    `select ${COLUMNS} from sluice.parked where ${where} order by id${limit}`,
    values,
  );
  return found.rows;
}

export async function parkedRaw(
  db: Queryable,
  pipeline: string,
  id: string,
): Promise<{ key: Buffer | null; value: Buffer | null; headers: Record<string, string> } | null> {
  const found = await db.query<{ raw_key: Buffer | null; raw_value: Buffer | null; headers: Record<string, string> }>(
    'select raw_key, raw_value, headers from sluice.parked where pipeline = $1 and id = $2',
    [pipeline, id],
  );
  const row = found.rows[0];
  return row ? { key: row.raw_key, value: row.raw_value, headers: row.headers } : null;
}

/**
 * Lets parked roots be derived and parked documents be sent once more, with those they go together with. Records are
 * landed again by the caller.
 */
export async function retryParked(db: Queryable, pipeline: string, items: readonly ParkedItem[]): Promise<void> {
  const now = new Date().toISOString();
  const roots = items.filter((item) => item.kind === 'root');
  await insertMarks(
    db,
    pipeline,
    roots.map((item) => ({ flow: item.scope, part: '', key: item.key, sourceTime: now })),
  );
  const documents = items.filter((item) => item.kind === 'document');
  await db.query(
    `update sluice.intent i set state = 'ready', attempts = 0, not_before = clock_timestamp()
     from unnest($2::text[], $3::text[]) u(target, id) join sluice.intent o
       on o.pipeline = $1 and o.target = u.target and o.id = u.id
     where i.pipeline = $1 and i.state = 'parked'
       and (i.target = u.target and i.id = u.id or i.together and i.store = o.store and i.order_key = o.order_key)`,
    [pipeline, documents.map((item) => item.scope), documents.map((item) => item.key)],
  );
}

export async function closeParked(
  db: Queryable,
  pipeline: string,
  ids: readonly string[],
  state: 'healed' | 'dropped',
  by: string,
  reason: string | null,
): Promise<number> {
  const done = await db.query(
    `with closed as (
       update sluice.parked set state = $3, closed_at = clock_timestamp(), closed_by = $4, close_reason = $5
       where pipeline = $1 and id = any($2::bigint[]) and state = 'parked' returning kind, scope, key)
     , sent as (delete from sluice.intent i using closed c
       where $3 = 'dropped' and c.kind = 'document' and i.pipeline = $1 and i.target = c.scope and i.id = c.key
         and i.state = 'parked')
     select 1 from closed`,
    [pipeline, ids, state, by, reason],
  );
  return done.rowCount ?? 0;
}

/** Parked items not yet mirrored to a dead-letter topic, oldest first. */
export async function unmirrored(db: Queryable, pipeline: string, limit: number): Promise<ParkedItem[]> {
  const found = await db.query<ParkedItem>(
    `select ${COLUMNS} from sluice.parked where pipeline = $1 and not mirrored order by id limit $2`,
    [pipeline, limit],
  );
  return found.rows;
}

export async function markMirrored(db: Queryable, pipeline: string, ids: readonly string[]): Promise<void> {
  await db.query('update sluice.parked set mirrored = true where pipeline = $1 and id = any($2::bigint[])', [
    pipeline,
    ids,
  ]);
}
