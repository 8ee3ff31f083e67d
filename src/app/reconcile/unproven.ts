import { type Flow, tablesOfFlow } from '../../core/index.ts';
import { gapsOf, openGaps } from '../gaps.ts';
import type { ReconcileParts } from './parts.ts';

/**
 * Rows of flows that were landed since a gap in capture that is still open began: what lies between them may be
 * missing, so they count as unverified until it is closed. Without a heartbeat before the gap all of them do.
 */
export async function landedSinceGaps(
  { open, reading }: Pick<ReconcileParts, 'open' | 'reading'>,
  flows: readonly Flow[],
): Promise<ReadonlyMap<string, number>> {
  const gaps = await openGaps(open).list(true);
  const unproven = new Map<string, number>();
  for (const flow of flows) {
    const own = gapsOf(open, gaps, flow.name);
    if (own.length === 0) continue;
    const begun = own.map(({ since }) => since);
    const since = begun.includes(null) ? null : ([...begun].sort()[0] ?? null);
    let rows = 0;
    for (const table of tablesOfFlow(open.migration, flow)) rows += await reading.landedSince(table, since);
    unproven.set(flow.name, rows);
  }
  return unproven;
}
