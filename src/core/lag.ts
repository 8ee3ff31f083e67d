import { type Flow, type Migration, movesOf } from './migration.ts';

/**
 * Where a change spends its time between its commit and its target. capture: commit to the connector's own time.
 * broker: from there to Kafka's timestamp. queue: until a worker takes it up. land: until landed; a flow that is a row
 * alone is derived with it. derive: from its mark to its documents. deliver: from the intent to the acknowledgement of a
 * remote target.
 */
export const LAG_STAGES = ['capture', 'broker', 'queue', 'land', 'derive', 'deliver'] as const;
export type LagStage = (typeof LAG_STAGES)[number];

/** One landed change of the stream; in milliseconds since 1970. */
export interface LandedTime {
  readonly sourceMs: number;
  /** when the connector had it; null: the record does not say, and its way to Kafka is all counted as capture */
  readonly connectorMs: number | null;
  readonly logMs: number;
}

/** Source tables a flow is made of, in the order of the declaration. */
export function tablesOfFlow(migration: Migration, flow: Flow): string[] {
  const tables = new Set(flow.parts.map((part) => part.table));
  if ('table' in flow.root) tables.add(flow.root.table);
  for (const table of migration.tables) {
    for (const link of table.remember ?? []) if (tables.has(movesOf(table.name, link))) tables.add(table.name);
  }
  return migration.tables.filter((table) => tables.has(table.name)).map((table) => table.name);
}
