import type { LedgerContext } from './context.ts';
import type { Queryable } from './sql.ts';

/** What is kept of a root beside its documents, and what is to be equal for it to be the same. */
const STATES = { waiting: 'need_target, need_id', timer: 'at', root_issue: 'issues' } as const;

/** Roots of which one pipeline keeps something the other does not. */
function differing(table: keyof typeof STATES): string {
  const of = (pipeline: '$1' | '$3'): string =>
    `select root, ${STATES[table]} from sluice.${table} where pipeline = ${pipeline} and flow = $2`;
  return `select root from ((${of('$1')} except ${of('$3')}) union all (${of('$3')} except ${of('$1')})) ${table}`;
}

/**
 * Marks the live roots of which other things are known by the rules of the shadow than by those of live: what they wait
 * for, their timer, their issues; and all that are parked by either. The live worker settles each by the rules it runs:
 * what waits by new rules waits in live from then on, and what only old ones had parked is healed. A mark takes a parked
 * root as any other, and documents that are right are not written again. What both know alike live goes on with, so a
 * pipeline with issues everywhere is not derived whole. Answers how many roots.
 */
export async function markUnsettled(db: Queryable, live: LedgerContext, shadow: LedgerContext): Promise<number> {
  let marked = 0;
  for (const { name, root, copy } of live.migration.flows) {
    if (copy) continue;
    // a root that has not landed in live could not be locked: its mark would be owed for ever
    const landed =
      'table' in root ? `where exists (select from ${live.table(root.table).sql} l where l.key = u.root)` : '';
    const done = await db.query(
      `insert into sluice.mark (pipeline, flow, key, source_time)
       select $1, $2, u.root, clock_timestamp() from (
         ${differing('waiting')} union ${differing('timer')} union ${differing('root_issue')}
         union select key from sluice.parked
           where pipeline in ($1, $3) and kind = 'root' and scope = $2 and state = 'parked') u ${landed}`,
      [live.pipeline, name, shadow.pipeline],
    );
    marked += done.rowCount ?? 0;
  }
  return marked;
}

/**
 * Which changes are rendered goes with the tables they are rendered into: a root that waits or is parked in the shadow has
 * its changes in the history of the live tables, not in that of the tables that take their place. An entry that is there
 * already is not appended again.
 */
export async function swapRendered(db: Queryable, live: LedgerContext, shadow: LedgerContext): Promise<void> {
  const pendingOnlyIn = (one: '$1' | '$2', other: '$1' | '$2'): string =>
    `select p.tbl, p.key, p.entry from sluice.change p
     join sluice.change r on r.pipeline = ${other} and r.tbl = p.tbl and r.key = p.key and r.entry = p.entry and r.rendered
     where p.pipeline = ${one} and not p.rendered`;
  await db.query(
    `update sluice.change c set rendered = not c.rendered
     from (${pendingOnlyIn('$1', '$2')} union all ${pendingOnlyIn('$2', '$1')}) u
     where c.pipeline in ($1, $2) and c.tbl = u.tbl and c.key = u.key and c.entry = u.entry`,
    [live.pipeline, shadow.pipeline],
  );
}
