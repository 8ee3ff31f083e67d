import { SluiceError } from '../../../core/index.ts';
import type { Catalogue, SourceField } from '../catalogue/model.ts';
import type { ColumnRef, Contract, Feed } from '../contract/model.ts';

/** Columns that name the patient, in the order of preference. */
const PATIENT_COLUMNS = ['InternalPatientNumber', 'Intpatno'];

/** What the engine keeps of a source table. */
export interface ProjectedTable {
  readonly table: string;
  /** Column name to its index in a projected row. */
  readonly columns: ReadonlyMap<string, number>;
  /** Index of the position, behind the last column. */
  readonly position: number;
  /** Index of the patient's number; null for tables of codes and places, which every patient's rows may need. */
  readonly patient: number | null;
  /** Index of the mark of logical deletion. */
  readonly deletedBy: number | null;
}

export type Projection = ReadonlyMap<string, ProjectedTable>;

/** Index of a column; throws when the projection does not have it, which is a fault of the contract. */
export function columnOf(projected: ProjectedTable, field: string): number {
  const index = projected.columns.get(field);
  if (index === undefined)
    throw new SluiceError('CONFIG_INVALID', `the contract reads ${projected.table}.${field}, which is not there`);
  return index;
}

/** What one row name of a feed stands for: the table behind `driver`, `last` or a join. */
export function tableBehind(feed: Feed, row: string): string {
  if (row === 'driver' || row === 'last') return feed.driver;
  const join = feed.joins.find(({ name }) => name === row);
  if (!join) throw new SluiceError('CONFIG_INVALID', `feed ${feed.name} of ${feed.driver} has no join named ${row}`);
  return join.table;
}

/** The columns of each source table that a contract reads, keys and marks of deletion included. */
export function projectionOf(contract: Contract, catalogue: Catalogue): Projection {
  const needed = new Map<string, Set<string>>();
  const want = (table: string, fields: Iterable<string>): void => {
    const known = needed.get(table) ?? new Set<string>();
    for (const field of fields) known.add(field);
    needed.set(table, known);
  };
  const wantRef = (feed: Feed, ref: ColumnRef): void => want(tableBehind(feed, ref.row), [ref.field]);

  for (const plan of contract.plans.values())
    for (const feed of plan.feeds) {
      want(feed.driver, feed.key);
      for (const { column } of feed.where) wantRef(feed, column);
      if (feed.fold) want(feed.driver, [...feed.fold.within, ...feed.fold.same, ...feed.fold.order]);
      for (const join of feed.joins) {
        for (const { left, right } of join.on) {
          wantRef(feed, left);
          want(join.table, [right]);
        }
        for (const { column } of join.where) wantRef(feed, column);
        if ('order' in join.pick) want(join.table, join.pick.order);
        if (join.pick.kind === 'as-of') wantRef(feed, join.pick.at);
      }
      for (const { key } of feed.parents) for (const ref of key) wantRef(feed, ref);
      for (const field of contract.fields.get(plan.table) ?? [])
        if (field.feed === null || field.feed === feed.name) for (const ref of field.sources) wantRef(feed, ref);
    }

  const projection = new Map<string, ProjectedTable>();
  for (const [table, fields] of needed) projection.set(table, projectTable(table, fields, catalogue));
  return projection;
}

function projectTable(table: string, fields: ReadonlySet<string>, catalogue: Catalogue): ProjectedTable {
  const known: ReadonlyMap<string, SourceField> = catalogue.sourceFields.get(table) ?? new Map();
  const patient = PATIENT_COLUMNS.find((column) => known.has(column)) ?? null;
  const deletedBy = catalogue.sourceTables.get(table)?.deletedBy ?? null;
  const names = new Set(fields);
  if (patient !== null) names.add(patient);
  if (deletedBy !== null) names.add(deletedBy);
  const columns = new Map([...names].sort().map((name, index) => [name, index]));
  return {
    table,
    columns,
    position: columns.size,
    patient: patient === null ? null : (columns.get(patient) ?? null),
    deletedBy: deletedBy === null ? null : (columns.get(deletedBy) ?? null),
  };
}
