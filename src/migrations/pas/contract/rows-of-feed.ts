import type { Feed, TablePlan } from './model.ts';

/** The rows a feed has at hand, by name, each with its source table. `last` only where the feed is folded. */
export function rowsOfFeed(feed: Feed): Map<string, string> {
  const rows = new Map([['driver', feed.driver]]);
  if (feed.fold) rows.set('last', feed.driver);
  for (const { name, table } of feed.joins) rows.set(name, table);
  return rows;
}

/** The feeds a field row is for: its own, or all that have none of their own for this field. */
export function feedsFor(
  plan: TablePlan,
  field: string,
  feed: string | null,
  rows: readonly { readonly field: string; readonly feed: string | null }[],
): Feed[] {
  if (feed !== null) return plan.feeds.filter(({ name }) => name === feed);
  const own = new Set(rows.filter((row) => row.field === field).map((row) => row.feed));
  return plan.feeds.filter(({ name }) => !own.has(name));
}
