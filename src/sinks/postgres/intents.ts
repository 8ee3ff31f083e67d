import { createHash } from 'node:crypto';
import type { DocumentWrite, Flow, Intent, JsonObject, SettledIntent } from '../../core/index.ts';
import type { LedgerContext } from './context.ts';
import { isoMicros, type Queryable } from './sql.ts';

const UNIT = '\u001f';
const storeOf = (target: string): string => target.slice(0, target.indexOf('.'));

/** The same order key is always in the same lane, so one sender at a time has all of a patient's documents. */
function laneOf(orderKey: string, lanes: number): number {
  return createHash('sha256').update(orderKey).digest().readUInt32BE(0) % lanes;
}

/** Leaves an intent for each document: the newest revision of a document takes the place of an unsent older one. */
export async function queueIntents(
  db: Queryable,
  context: LedgerContext,
  flow: Flow,
  writes: readonly DocumentWrite[],
): Promise<void> {
  if (writes.length === 0) return;
  const orderKeys = writes.map(({ document }) => document.orderKey ?? document.id);
  const needs = writes.map(({ document }) => JSON.stringify((document.needs ?? []).map((n) => n.target + UNIT + n.id)));
  const together = writes.map(({ document }) => context.target(document.target).kind === 'dynamodb');
  await db.query(
    `insert into sluice.intent
       (pipeline, store, flow, target, id, root, revision, lane, order_key, needs, source_time, together)
     select $1, u.store, $2, u.target, u.id, u.root, u.revision, u.lane, u.order_key,
       array(select jsonb_array_elements_text(u.needs::jsonb)), u.source_time, u.together
     from unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::int[], $9::text[], $10::text[],
         $11::timestamptz[], $12::boolean[])
       with ordinality as u(store, target, id, root, revision, lane, order_key, needs, source_time, together, n)
     order by u.n
     on conflict (pipeline, target, id) do update set revision = excluded.revision, root = excluded.root,
       flow = excluded.flow, lane = excluded.lane, order_key = excluded.order_key, needs = excluded.needs,
       state = 'ready', attempts = 0, not_before = clock_timestamp()
     where intent.revision < excluded.revision`,
    [
      context.pipeline,
      flow.name,
      writes.map((write) => storeOf(write.document.target)),
      writes.map((write) => write.document.target),
      writes.map((write) => write.document.id),
      writes.map((write) => write.root),
      writes.map((write) => String(write.revision)),
      orderKeys.map((key) => laneOf(key, context.lanes)),
      orderKeys,
      needs,
      writes.map((write) => write.sourceTime),
      together,
    ],
  );
  const mended = orderKeys.filter((_, i) => together[i]);
  if (mended.length === 0) return;
  // what was parked because of one that is another now goes with it once more
  await db.query(
    `update sluice.intent set state = 'ready', attempts = 0, not_before = clock_timestamp()
     where pipeline = $1 and store = any($2) and together and order_key = any($3) and state = 'parked'`,
    [context.pipeline, [...new Set(writes.map((write) => storeOf(write.document.target)))], mended],
  );
}

interface IntentRecord {
  target: string;
  id: string;
  flow: string;
  root: string;
  revision: string;
  order_key: string;
  attempts: number;
  source_time: string;
  waited: number;
  together: boolean;
  unmet: string[];
  content: JsonObject;
  stamps: JsonObject | null;
  etag: string | null;
}

/**
 * The next batch of some lanes, oldest first. A document may go along with those it needs; one that needs a document
 * which is neither acknowledged nor in the batch waits and no longer stands in the way. Those that go together are
 * never parted: the batch grows by them, and what one of them waits for all of them wait for.
 */
export async function nextIntents(
  db: Queryable,
  context: LedgerContext,
  store: string,
  lanes: readonly number[],
  limit: number,
): Promise<readonly Intent[]> {
  const found = await db.query<IntentRecord>(
    `with due as materialized (
       select * from sluice.intent
       where pipeline = $1 and store = $2 and lane = any($3) and state = 'ready' and not_before <= clock_timestamp()
       order by seq limit $4)
     select i.target, i.id, i.flow, i.root, i.revision, i.order_key, i.attempts, i.together, d.content, d.stamps, d.etag,
       ${isoMicros('i.source_time')} as source_time,
       extract(epoch from clock_timestamp() - i.created_at)::float8 as waited,
       array(select n from unnest(i.needs) n where not exists (
         select 1 from sluice.document p where p.pipeline = i.pipeline and p.acked is not null
           and p.target = split_part(n, chr(31), 1) and p.id = split_part(n, chr(31), 2))) as unmet
     from (select * from due where not together
           union all
           select * from sluice.intent where pipeline = $1 and store = $2 and together and state <> 'parked'
             and order_key = any(array(select order_key from due where together))) i
     join sluice.document d on d.pipeline = i.pipeline and d.target = i.target and d.id = i.id
       and d.revision = i.revision
     order by i.seq`,
    [context.pipeline, store, lanes, limit],
  );
  const rows = sendable(found.rows);
  const held = found.rows.filter((row) => !rows.includes(row));
  if (held.length > 0) {
    await db.query(
      `update sluice.intent i set state = 'waiting' from unnest($2::text[], $3::text[], $4::bigint[]) u(target, id, revision)
       where i.pipeline = $1 and i.target = u.target and i.id = u.id and i.revision = u.revision and i.state = 'ready'`,
      [context.pipeline, held.map((r) => r.target), held.map((r) => r.id), held.map((r) => r.revision)],
    );
  }
  return rows.map((row) => ({
    target: row.target,
    id: row.id,
    flow: row.flow,
    root: row.root,
    revision: BigInt(row.revision),
    content: row.content,
    ...(row.stamps === null ? {} : { stamps: row.stamps }),
    etag: row.etag,
    orderKey: row.order_key,
    attempts: row.attempts,
    sourceTime: row.source_time,
    waitedSeconds: row.waited,
  }));
}

const refOf = (row: IntentRecord): string => row.target + UNIT + row.id;

/** Those that need nothing but what is acknowledged or goes along; what goes together goes along with itself alone. */
function sendable(found: readonly IntentRecord[]): readonly IntentRecord[] {
  let rows = found;
  for (;;) {
    const going = new Map(rows.map((row) => [refOf(row), row]));
    const isMet = (row: IntentRecord, need: string): boolean => {
      const other = going.get(need);
      return other !== undefined && (!row.together || other.order_key === row.order_key);
    };
    const stuck = rows.filter((row) => !row.unmet.every((need) => isMet(row, need)));
    if (stuck.length === 0) return rows;
    const groups = new Set(stuck.filter((row) => row.together).map((row) => row.order_key));
    rows = rows.filter((row) => !stuck.includes(row) && !(row.together && groups.has(row.order_key)));
  }
}

/** Waiting intents whose needs have all been acknowledged since go on. */
export async function wakeIntents(db: Queryable, pipeline: string): Promise<number> {
  const woken = await db.query(
    `update sluice.intent i set state = 'ready' where i.pipeline = $1 and i.state = 'waiting' and not exists (
       select 1 from unnest(i.needs) n where not exists (
         select 1 from sluice.document p where p.pipeline = i.pipeline and p.acked is not null
           and p.target = split_part(n, chr(31), 1) and p.id = split_part(n, chr(31), 2)))`,
    [pipeline],
  );
  return woken.rowCount ?? 0;
}

/** Takes over what became of sent documents, all in the transaction of `db`. */
export async function settleIntents(db: Queryable, pipeline: string, settled: readonly SettledIntent[]): Promise<void> {
  await acknowledge(db, pipeline, settled);
  for (const { intent, outcome } of settled) {
    const key = [pipeline, intent.target, intent.id, String(intent.revision)];
    const where = 'pipeline = $1 and target = $2 and id = $3 and revision = $4';
    if (outcome.kind === 'retry' || outcome.kind === 'waiting') {
      const afterMs = outcome.kind === 'retry' ? outcome.afterMs : Math.min(60_000, 500 * 2 ** intent.attempts);
      await db.query(
        `update sluice.intent set attempts = attempts + 1, not_before = clock_timestamp() + $5 * interval '1 ms' where ${where}`,
        [...key, afterMs],
      );
    } else if (outcome.kind === 'park') {
      await db.query(`update sluice.intent set state = 'parked', attempts = attempts + 1 where ${where}`, key);
      await db.query(
        `insert into sluice.parked (pipeline, kind, scope, key, flow, code, detail)
         values ($1, 'document', $2, $3, $4, $5, $6)
         on conflict (pipeline, kind, scope, key, coalesce("offset", -1)) where state = 'parked'
         do update set attempts = parked.attempts + 1, last_at = clock_timestamp(),
           code = excluded.code, detail = excluded.detail`,
        [pipeline, intent.target, intent.id, intent.flow, outcome.code, JSON.stringify(outcome.detail)],
      );
    }
  }
}

async function acknowledge(db: Queryable, pipeline: string, settled: readonly SettledIntent[]): Promise<void> {
  const done = settled.filter(({ outcome }) => outcome.kind === 'applied' || outcome.kind === 'superseded');
  if (done.length === 0) return;
  const etags = done.map(({ outcome }) => ('etag' in outcome ? outcome.etag : null));
  const values = [
    pipeline,
    done.map(({ intent }) => intent.target),
    done.map(({ intent }) => intent.id),
    done.map(({ intent }) => String(intent.revision)),
  ];
  await db.query(
    `update sluice.document d set acked = greatest(d.acked, u.revision), etag = u.etag
     from unnest($2::text[], $3::text[], $4::bigint[], $5::text[]) u(target, id, revision, etag)
     where d.pipeline = $1 and d.target = u.target and d.id = u.id`,
    [...values, etags],
  );
  await db.query(
    `delete from sluice.intent i using unnest($2::text[], $3::text[], $4::bigint[]) u(target, id, revision)
     where i.pipeline = $1 and i.target = u.target and i.id = u.id and i.revision = u.revision`,
    values,
  );
  await db.query(
    `update sluice.parked p set state = 'healed', closed_at = clock_timestamp(), closed_by = 'delivered'
     from unnest($2::text[], $3::text[]) u(target, id)
     where p.pipeline = $1 and p.kind = 'document' and p.scope = u.target and p.key = u.id and p.state = 'parked'`,
    values.slice(0, 3),
  );
  await db.query(
    `update sluice.intent i set state = 'ready' from unnest($2::text[]) u(need)
     where i.pipeline = $1 and i.state = 'waiting' and i.needs @> array[u.need]`,
    [pipeline, done.map(({ intent }) => intent.target + UNIT + intent.id)],
  );
}
