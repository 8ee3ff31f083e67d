import { type Migration, SluiceError, type Target } from '../../core/index.ts';
import { type LandedTable, landedTables } from './landed-tables.ts';

/** What every statement of one pipeline needs to know. */
export interface LedgerContext {
  readonly pipeline: string;
  readonly migration: Migration;
  /** '' for the live run, otherwise the suffix of a shadow's target schemas */
  readonly schemaSuffix: string;
  /** how many lanes documents of one store are spread over; an order key always has the same lane */
  readonly lanes: number;
  table(name: string): LandedTable;
  target(name: string): Target;
}

export function ledgerContext(pipeline: string, migration: Migration, schemaSuffix: string): LedgerContext {
  const tables = landedTables(pipeline, migration);
  const targets = new Map(migration.flows.flatMap((flow) => flow.targets).map((target) => [target.name, target]));
  return {
    pipeline,
    migration,
    schemaSuffix,
    lanes: 32,
    table(name) {
      const table = tables.get(name);
      if (!table) throw new SluiceError('CONFIG_INVALID', `the declaration has no source table ${name}`);
      return table;
    },
    target(name) {
      const target = targets.get(name);
      if (!target) throw new SluiceError('CONFIG_INVALID', `the declaration has no target ${name}`);
      return target;
    },
  };
}
