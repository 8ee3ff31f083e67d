import { SluiceError } from '../../../core/index.ts';
import type { Catalogue } from '../catalogue/model.ts';
import type { Contract, Feed, TablePlan } from '../contract/model.ts';
import { CHECKED_COLUMNS } from '../quality/checked-columns.ts';
import { createTranslator } from '../rules/crosswalk.ts';
import type { Derivation } from '../rules/derivations.ts';
import { imputedValue } from '../rules/imputation.ts';
import { type CellRules, compileCell, fieldsOf } from './cells.ts';
import { type CompiledFeed, type FeedRun, runFeed } from './feed.ts';
import { compileJoin, indexedBy, indexRows, orderColumns, type RowIndex } from './joins.ts';
import type { RecordNumbers, Sink, SourceRow } from './outcome.ts';
import type { Loaded } from './parents.ts';
import { columnOf, type ProjectedTable, type Projection, projectionOf } from './projection.ts';
import { columnAt, compileCondition, FIRST_JOIN_SLOT } from './rows-at-hand.ts';
import type { TargetColumn } from './shape.ts';

/** One file or table that is written. */
export interface TargetLayout {
  readonly table: string;
  readonly domain: TablePlan['domain'];
  readonly columns: readonly TargetColumn[];
  readonly feeds: readonly {
    readonly name: string;
    readonly driver: string;
    /** tables of the joins and the names they go by, in the order of a row's positions */
    readonly joins: readonly string[];
    readonly joinNames: readonly string[];
  }[];
}

export interface EngineOptions {
  /** CCYY-MM-DD: the day crosswalk entries must hold on. */
  readonly on: string;
  readonly approvedOnly: boolean;
  /**
   * For contracts that declare neither keys nor links: rows that share a key are all loaded, told apart by a count, and
   * a row whose guessed parent is not there is loaded without it. Both are reported.
   */
  readonly lenient: boolean;
  /** Development only: blank administrative cells are filled and marked. */
  readonly impute: boolean;
  readonly derivations: ReadonlyMap<string, Derivation>;
  /** Source tables that are there, whether the contract reads them or not: their patients are looked at too. */
  readonly checkedOnly?: readonly string[];
  /** The columns of a table, in the order they are written. */
  readonly columnsOf: (table: string) => readonly TargetColumn[];
}

export interface Engine {
  readonly projection: Projection;
  /** In load order; sinks number tables and feeds by it. */
  readonly layouts: readonly TargetLayout[];
  /** Tables without a patient: all of their rows are at hand at all times. */
  readonly sharedTables: readonly string[];
  /** Must be called once, before any patients. */
  runShared(sharedRows: ReadonlyMap<string, readonly SourceRow[]>, numbers: RecordNumbers, sink: Sink): void;
  /** All rows of some patients: one patient or many, the outcome for each is the same. */
  runPatients(rows: ReadonlyMap<string, readonly SourceRow[]>, numbers: RecordNumbers, sink: Sink): void;
}

const NO_ROWS: readonly SourceRow[] = [];

export function createEngine(contract: Contract, catalogue: Catalogue, options: EngineOptions): Engine {
  const projection = projectionOf(contract, catalogue, CHECKED_COLUMNS, options.checkedOnly ?? []);
  const plans = [...contract.plans.values()].sort((a, b) => a.order - b.order);
  const sharedTables = new Set(
    [...projection.values()].filter(({ patient }) => patient === null).map(({ table }) => table),
  );
  const shared = (table: string): boolean => sharedTables.has(table);
  let sharedRows: ReadonlyMap<string, readonly SourceRow[]> = new Map();
  let sharedIndex: RowIndex = indexRows(() => NO_ROWS);
  const rules = rulesOf(contract, projection, options, (...what) => sharedIndex.find(...what));
  const parents = new Set(
    plans.flatMap((plan) => plan.feeds.flatMap((feed) => feed.parents.map((link) => link.parent))),
  );
  if (contract.patients !== null) parents.add(contract.patients);
  const shape = { contract, catalogue, projection, rules, options, parents };
  const feeds = plans.flatMap((plan, tableNumber) =>
    plan.feeds.map((feed, feedNumber) => compileFeed({ plan, feed, tableNumber, feedNumber, ...shape })),
  );
  const tables = plans.map(({ table }) => table);
  const emptyLoaded = (): Map<string, Map<string, number | null>> => new Map(tables.map((table) => [table, new Map()]));
  let sharedLoaded: Loaded = emptyLoaded();

  const run = (
    rows: ReadonlyMap<string, readonly SourceRow[]>,
    base: Omit<FeedRun, 'rowsOf' | 'index'>,
    which: boolean,
  ) => {
    const rowsOf = (table: string): readonly SourceRow[] =>
      (shared(table) ? sharedRows.get(table) : rows.get(table)) ?? NO_ROWS;
    const own = indexRows(rowsOf);
    const index: RowIndex = {
      find: (by, values) => (sharedTables.has(by.table) ? sharedIndex : own).find(by, values),
    };
    for (const feed of feeds) if (feed.shared === which) runFeed(feed, { ...base, rowsOf, index });
  };

  return {
    projection,
    layouts: plans.map((plan) => ({
      table: plan.table,
      domain: plan.domain,
      columns: options.columnsOf(plan.table),
      feeds: plan.feeds.map(({ name, driver, joins }) => ({
        name,
        driver,
        joins: joins.map(({ table }) => table),
        joinNames: joins.map((join) => join.name),
      })),
    })),
    sharedTables: [...sharedTables],
    runShared(rows, numbers, sink) {
      sharedRows = rows;
      sharedIndex = indexRows((table) => rows.get(table) ?? NO_ROWS);
      sharedLoaded = emptyLoaded();
      run(new Map(), { loaded: sharedLoaded, numbers, sink }, true);
    },
    runPatients(rows, numbers, sink) {
      const loaded = emptyLoaded();
      // rows of shared tables may be parents of a patient's rows
      for (const [table, keys] of sharedLoaded) if (keys.size > 0) loaded.set(table, new Map(keys));
      run(rows, { loaded, numbers, sink }, false);
    },
  };
}

function rulesOf(
  contract: Contract,
  projection: Projection,
  options: EngineOptions,
  find: RowIndex['find'],
): CellRules {
  return {
    translator(name) {
      const crosswalk = contract.crosswalks.get(name);
      if (!crosswalk)
        throw new SluiceError('CONFIG_INVALID', `the contract names crosswalk ${name}, which is not there`);
      if (crosswalk.kind === 'codes') return createTranslator(crosswalk.entries, options);
      const master = projection.get(crosswalk.table);
      if (!master || master.patient !== null)
        throw new SluiceError('CONFIG_INVALID', `crosswalk ${name} asks ${crosswalk.table}, which is no master file`);
      const by = indexedBy(crosswalk.table, [columnOf(master, crosswalk.column)]);
      return (code) => (find(by, [code]).length > 0 ? { value: code, approved: true } : 'CROSSWALK_UNMAPPED');
    },
    derivation(name) {
      const derivation = options.derivations.get(name);
      if (!derivation) throw new SluiceError('CONFIG_INVALID', `the contract names rule ${name}, which is not there`);
      return derivation;
    },
  };
}

interface FeedToCompile {
  readonly plan: TablePlan;
  readonly feed: Feed;
  readonly tableNumber: number;
  readonly feedNumber: number;
  readonly contract: Contract;
  readonly catalogue: Catalogue;
  readonly projection: Projection;
  readonly rules: CellRules;
  readonly options: EngineOptions;
  /** Tables that others link to. */
  readonly parents: ReadonlySet<string>;
}

function compileFeed(what: FeedToCompile): CompiledFeed {
  const { plan, feed, contract, catalogue, projection, rules, options } = what;
  const driver = projection.get(feed.driver);
  if (!driver) throw new Error(`projection lacks ${feed.driver}`);
  const columns = options.columnsOf(plan.table);
  const indexOf = new Map(columns.map(({ name }, index) => [name, index]));
  const fields = fieldsOf(contract, plan.table, feed.name);
  const filledBy = (kind: 'record-number' | 'source-key'): number[] =>
    [...fields.values()].filter(({ rule }) => rule.kind === kind).flatMap(({ field }) => indexOf.get(field) ?? []);
  const shared = driver.patient === null;
  const where = feed.where.map((condition) => compileCondition(feed, condition, projection));
  for (const join of feed.joins) checkReach(feed, join, projection);

  return {
    table: plan.table,
    tableNumber: what.tableNumber,
    feedNumber: what.feedNumber,
    name: feed.name,
    identity: feed.identity,
    driver: feed.driver,
    shared,
    width: columns.length,
    recordNumber: filledBy('record-number'),
    sourceKey: filledBy('source-key'),
    key: feed.key.map((field) => columnOf(driver, field)),
    patient: driver.patient,
    original: driver.original,
    position: driver.position,
    before: where.filter(({ joined }) => !joined),
    after: where.filter(({ joined }) => joined),
    fold: feed.fold && {
      within: feed.fold.within.map((field) => columnOf(driver, field)),
      same: feed.fold.same.map((field) => columnOf(driver, field)),
      order: orderColumns(driver, feed.fold.order, catalogue),
    },
    joins: feed.joins.map((join, i) => compileJoin(feed, join, FIRST_JOIN_SLOT + i, projection, catalogue)),
    parents: [...compilePatient(what, driver), ...compileParents(feed, indexOf, projection)],
    cells: columns.flatMap((column, index) => {
      const field = fields.get(column.name);
      const imputed = options.impute ? imputedValue(plan.domain, column) : null;
      const cell = field && compileCell(feed, field, { index, column }, { projection, rules, imputed });
      return cell ? [cell] : [];
    }),
    isParent: what.parents.has(plan.table),
    lenient: options.lenient,
  };
}

/** The patient a row is of is a parent too, whether the row has a column for it or not. */
function compilePatient(
  { plan, feed, contract, projection }: FeedToCompile,
  { patient, columns }: ProjectedTable,
): CompiledFeed['parents'] {
  const of = contract.patients === plan.table ? undefined : contract.plans.get(contract.patients ?? '')?.feeds[0];
  const field = [...columns].find(([, index]) => index === patient)?.[0];
  const linked = feed.parents.some(({ parent, required }) => required && parent === contract.patients);
  if (!of || linked || patient === null || field === undefined) return [];
  const key = [columnAt(feed, { row: 'driver', field }, projection)];
  const link = { parent: contract.patients ?? '', identity: of.identity, where: [], key, required: true };
  return [{ index: null, links: [link] }];
}

function compileParents(
  feed: Feed,
  indexOf: ReadonlyMap<string, number>,
  projection: Projection,
): CompiledFeed['parents'] {
  const fields = [...new Set(feed.parents.map(({ field }) => field))];
  return fields.map((field) => ({
    index: indexOf.get(field) ?? -1,
    links: feed.parents
      .filter((link) => link.field === field)
      .map((link) => ({
        parent: link.parent,
        identity: link.identity,
        where: link.where.map((condition) => compileCondition(feed, condition, projection)),
        key: link.key.map((ref) => columnAt(feed, ref, projection)),
        required: link.required,
      })),
  }));
}

/** Rows of a patient table are at hand only together with their patient, so a join to one must go by the patient. */
function checkReach(feed: Feed, join: Feed['joins'][number], projection: Projection): void {
  const projected = projection.get(join.table);
  if (!projected || projected.patient === null) return;
  const patient = [...projected.columns].find(([, index]) => index === projected.patient)?.[0];
  if (join.on.some(({ right }) => right === patient)) return;
  throw new SluiceError('CONFIG_INVALID', `join ${join.name} of feed ${feed.name} must go by ${join.table}.${patient}`);
}
