import { SWITCH_NEED } from '../../core/index.ts';
import { classify } from './classify.ts';
import type { Queryable } from './sql.ts';

/** How many roots each switched off kind holds back. */
export async function heldBySwitch(db: Queryable, pipeline: string): Promise<ReadonlyMap<string, number>> {
  try {
    const found = await db.query<{ kind: string; roots: number }>(
      `select need_id as kind, count(distinct (flow, root))::int as roots from sluice.waiting
       where pipeline = $1 and need_target = $2 group by 1`,
      [pipeline, SWITCH_NEED],
    );
    return new Map(found.rows.map(({ kind, roots }) => [kind, roots]));
  } catch (error) {
    throw classify(error);
  }
}

/** The marks come as the waiting ends: who is held back again after that waits anew. */
export async function releaseHeld(db: Queryable, pipeline: string, kinds: readonly string[]): Promise<number> {
  if (kinds.length === 0) return 0;
  try {
    const released = await db.query(
      `with met as (delete from sluice.waiting where pipeline = $1 and need_target = $2 and need_id = any($3::text[])
         returning flow, root)
       insert into sluice.mark (pipeline, flow, key, source_time)
       select distinct $1, flow, root, clock_timestamp() from met`,
      [pipeline, SWITCH_NEED, kinds],
    );
    return released.rowCount ?? 0;
  } catch (error) {
    throw classify(error);
  }
}
