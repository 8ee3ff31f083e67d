import { SluiceError } from '../../../core/index.ts';
import type { Catalogue, SourceField } from '../catalogue/model.ts';
import type { ColumnRef, Condition, Contract, Feed } from '../contract/model.ts';

/** Columns that name the patient, in the order of preference. */
const PATIENT_COLUMNS = ['InternalPatientNumber', 'Intpatno'];

/** What the engine keeps of a source table. */
export interface ProjectedTable {
  readonly table: string;
  /** Column name to its index in a projected row. */
  readonly columns: ReadonlyMap<string, number>;
  /** Behind the last column: the patient's number before a merge, '' where there was none; then the position. */
  readonly original: number;
  readonly position: number;
  /** true: the contract reads nothing of it; it is only looked at */
  readonly checkedOnly: boolean;
  /** true: the table has one row a patient, which a merge takes away */
  readonly patientRecord: boolean;
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

/**
 * The columns of each source table that a contract reads, with keys, marks of deletion and what checks look at. Of the
 * patients' tables in `checkedOnly` that it does not read, the patient alone.
 */
export function projectionOf(
  contract: Contract,
  catalogue: Catalogue,
  checked: ReadonlyMap<string, readonly string[]>,
  checkedOnly: readonly string[],
): Projection {
  const needed = new Map<string, Set<string>>();
  const patients = new Map<string, string>();
  const want = (table: string, fields: Iterable<string>): void => {
    const known = needed.get(table) ?? new Set<string>();
    for (const field of fields) known.add(field);
    needed.set(table, known);
  };
  const wantRef = (feed: Feed, ref: ColumnRef): void => want(tableBehind(feed, ref.row), [ref.field]);
  const wantCondition = (feed: Feed, condition: Condition): void => {
    wantRef(feed, condition.column);
    if (condition.test === 'differs') wantRef(feed, condition.other);
  };

  for (const plan of contract.plans.values())
    for (const feed of plan.feeds) {
      want(feed.driver, feed.key);
      if (feed.patient !== null) patients.set(feed.driver, feed.patient);
      for (const condition of feed.where) wantCondition(feed, condition);
      if (feed.fold) want(feed.driver, [...feed.fold.within, ...feed.fold.same, ...feed.fold.order]);
      for (const join of feed.joins) {
        for (const { left, right } of join.on) {
          wantRef(feed, left);
          want(join.table, [right]);
        }
        for (const condition of join.where) wantCondition(feed, condition);
        if ('order' in join.pick) want(join.table, join.pick.order);
        if ('at' in join.pick) wantRef(feed, join.pick.at);
      }
      for (const link of feed.parents) {
        for (const ref of link.key) wantRef(feed, ref);
        for (const condition of link.where) wantCondition(feed, condition);
      }
      for (const field of contract.fields.get(plan.table) ?? [])
        if (field.feed === null || field.feed === feed.name) for (const ref of field.sources) wantRef(feed, ref);
    }

  want(contract.merges.table, [contract.merges.from, contract.merges.into]);
  for (const crosswalk of contract.crosswalks.values())
    if (crosswalk.kind === 'master') want(crosswalk.table, [crosswalk.column]);
  for (const [table, fields] of checked) if (needed.has(table)) want(table, fields);
  const projection = new Map<string, ProjectedTable>();
  for (const [table, fields] of needed)
    projection.set(table, projectTable(table, fields, patients.get(table) ?? null, catalogue));
  for (const table of [...checkedOnly].sort()) {
    if (projection.has(table)) continue;
    const projected = projectTable(table, new Set(), null, catalogue);
    if (projected.patient !== null) projection.set(table, { ...projected, checkedOnly: true });
  }
  return projection;
}

function projectTable(
  table: string,
  fields: ReadonlySet<string>,
  declared: string | null,
  catalogue: Catalogue,
): ProjectedTable {
  const known: ReadonlyMap<string, SourceField> = catalogue.sourceFields.get(table) ?? new Map();
  const patient = declared ?? PATIENT_COLUMNS.find((column) => known.has(column)) ?? null;
  const deletedBy = catalogue.sourceTables.get(table)?.deletedBy ?? null;
  const key = catalogue.sourceTables.get(table)?.key ?? [];
  const names = new Set(fields);
  if (patient !== null) names.add(patient);
  if (deletedBy !== null) names.add(deletedBy);
  const columns = new Map([...names].sort().map((name, index) => [name, index]));
  return {
    table,
    columns,
    original: columns.size,
    position: columns.size + 1,
    checkedOnly: false,
    patientRecord: key.length === 1 && key[0] === patient,
    patient: patient === null ? null : (columns.get(patient) ?? null),
    deletedBy: deletedBy === null ? null : (columns.get(deletedBy) ?? null),
  };
}
