import type { LedgerContext } from './context.ts';
import type { Queryable } from './sql.ts';

/**
 * Leases up to a fair share of the lanes of a store to one sender: its own again first, then lapsed ones.
 * A lease only spreads work. Two senders with the same lane do no harm, for each write is guarded at the server.
 */
export async function leaseLanes(
  db: Queryable,
  context: LedgerContext,
  store: string,
  owner: string,
  wanted: number,
  seconds: number,
): Promise<readonly number[]> {
  await db.query(
    `insert into sluice.lane (pipeline, store, lane) select $1, $2, n from generate_series(0, $3::int - 1) n
     on conflict do nothing`,
    [context.pipeline, store, context.lanes],
  );
  // said before it is asked: of two who begin at once at least one sees the other
  await db.query(
    `insert into sluice.sender (pipeline, store, owner, until)
     values ($1, $2, $3, clock_timestamp() + $4 * interval '1 second')
     on conflict (pipeline, store, owner) do update set until = excluded.until`,
    [context.pipeline, store, owner, seconds],
  );
  await db.query(
    `delete from sluice.sender where pipeline = $1 and store = $2 and until < clock_timestamp() - interval '1 hour'`,
    [context.pipeline, store],
  );
  const leased = await db.query<{ lane: number }>(
    `with others as (select count(*) as n from sluice.sender
       where pipeline = $1 and store = $2 and owner <> $3 and until > clock_timestamp()),
     mine as (select lane from sluice.lane
       where pipeline = $1 and store = $2 and (owner = $3 or until <= clock_timestamp())
       order by owner = $3 desc, lane
       limit least($4::bigint, (select ceil($5::numeric / (n + 1))::bigint from others)) for update skip locked),
     -- more than the fair share goes back, so that a sender that joins later finds some
     spare as (update sluice.lane set until = '-infinity', owner = '' where pipeline = $1 and store = $2 and owner = $3
       and lane not in (select lane from mine))
     update sluice.lane l set owner = $3, until = clock_timestamp() + $6 * interval '1 second'
     from mine where l.pipeline = $1 and l.store = $2 and l.lane = mine.lane returning l.lane`,
    [context.pipeline, store, owner, wanted, context.lanes, seconds],
  );
  return leased.rows.map((row) => row.lane).sort((x, y) => x - y);
}

export async function releaseLanes(db: Queryable, context: LedgerContext, store: string, owner: string): Promise<void> {
  await db.query(
    `update sluice.lane set owner = '', until = '-infinity' where pipeline = $1 and store = $2 and owner = $3`,
    [context.pipeline, store, owner],
  );
  await db.query('delete from sluice.sender where pipeline = $1 and store = $2 and owner = $3', [
    context.pipeline,
    store,
    owner,
  ]);
}
