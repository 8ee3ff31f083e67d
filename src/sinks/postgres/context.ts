import { copyOf, type Migration, SluiceError, type Target } from '../../core/index.ts';
import { CopyTable } from './copy/table.ts';
import { type LandedTable, landedTables } from './landed-tables.ts';

/** What every statement of one pipeline needs to know. */
export interface LedgerContext {
  readonly pipeline: string;
  readonly migration: Migration;
  /** '' for the live run, otherwise the suffix of a shadow's target schemas */
  readonly schemaSuffix: string;
  /** how many lanes documents of one store are spread over; an order key always has the same lane */
  readonly lanes: number;
  /** read once: a ledger's generation never changes */
  firstRevision?: bigint;
  table(name: string): LandedTable;
  target(name: string): Target;
  /** the tables that landing writes straight, by the names of their flows */
  readonly copies: ReadonlyMap<string, CopyTable>;
}

export function ledgerContext(pipeline: string, migration: Migration, schemaSuffix: string): LedgerContext {
  const tables = landedTables(pipeline, migration);
  const targets = new Map(migration.flows.flatMap((flow) => flow.targets).map((target) => [target.name, target]));
  return {
    pipeline,
    migration,
    schemaSuffix,
    lanes: 32,
    copies: copiesOf(pipeline, migration, schemaSuffix),
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

function copiesOf(pipeline: string, migration: Migration, schemaSuffix: string): ReadonlyMap<string, CopyTable> {
  const copies = new Map<string, CopyTable>();
  for (const { name } of migration.tables) {
    const flow = copyOf(migration, name);
    if (flow) copies.set(flow.name, new CopyTable(flow, pipeline, schemaSuffix));
  }
  return copies;
}
