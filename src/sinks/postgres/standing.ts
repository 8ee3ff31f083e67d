import type { LedgerContext } from './context.ts';
import { isoMicros, type Queryable } from './sql.ts';

/**
 * What a transaction that holds roots of a flow need not look for root by root: a table that has nothing of the flow
 * has nothing of its roots, and nobody but who holds a root adds to it (marks excepted, and those ask for a later turn).
 */
export interface Standing {
  /** the landed tick */
  readonly asOf: string;
  readonly hasMarks: boolean;
  readonly hasIssues: boolean;
  readonly hasTimers: boolean;
  readonly hasWaiting: boolean;
  readonly hasParked: boolean;
}

/** To be read after the roots are locked. */
export async function readStanding(db: Queryable, context: LedgerContext, flow: string): Promise<Standing> {
  const text = `select coalesce((select ${isoMicros('as_of')} from sluice.pipeline where name = $1),
        '1970-01-01T00:00:00.000000Z') as "asOf",
      exists (select from sluice.mark where pipeline = $1 and flow = $2 and part = '') as "hasMarks",
      exists (select from sluice.root_issue where pipeline = $1 and flow = $2) as "hasIssues",
      exists (select from sluice.timer where pipeline = $1 and flow = $2) as "hasTimers",
      exists (select from sluice.waiting where pipeline = $1 and flow = $2) as "hasWaiting",
      exists (select from sluice.parked
        where pipeline = $1 and kind = 'root' and scope = $2 and state = 'parked') as "hasParked"`;
  const found = await db.query<Standing>({ name: 'standing', text }, [context.pipeline, flow]);
  return found.rows[0] as Standing;
}
