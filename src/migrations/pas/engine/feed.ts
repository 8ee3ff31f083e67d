import { valueClass } from '../rules/value-class.ts';
import type { CompiledCell } from './cells.ts';
import type { CompiledJoin, RowIndex } from './joins.ts';
import { compareContent } from './order.ts';
import type { FeedCount, RecordNumbers, Reject, RowProblem, Sink, SourceRow } from './outcome.ts';
import { businessKey, type CompiledParent, type Loaded, linkParents } from './parents.ts';
import {
  allHold,
  type CompiledCondition,
  DRIVER_SLOT,
  FIRST_JOIN_SLOT,
  LAST_SLOT,
  type RowsAtHand,
  valueAt,
} from './rows-at-hand.ts';
import type { CellScope } from './shape.ts';
import { type CompiledFold, joinKey, type Unit, unitsOf } from './units.ts';

export interface CompiledFeed {
  readonly table: string;
  readonly tableNumber: number;
  readonly feedNumber: number;
  readonly name: string;
  readonly identity: string;
  readonly driver: string;
  /** true: its driver is a table of codes or places, not of patients */
  readonly shared: boolean;
  readonly width: number;
  /** Columns that hold the record number, and the key of the source row. */
  readonly recordNumber: readonly number[];
  readonly sourceKey: readonly number[];
  readonly key: readonly number[];
  readonly patient: number | null;
  readonly original: number;
  readonly position: number;
  /** Judged before the joins are made, and after. */
  readonly before: readonly CompiledCondition[];
  readonly after: readonly CompiledCondition[];
  readonly fold: CompiledFold | null;
  readonly joins: readonly CompiledJoin[];
  readonly parents: readonly CompiledParent[];
  readonly cells: readonly CompiledCell[];
  /** Rows of other tables point to those of this one: what became of them has to be known. */
  readonly isParent: boolean;
  readonly lenient: boolean;
}

export interface FeedRun {
  readonly rowsOf: (table: string) => readonly SourceRow[];
  readonly index: RowIndex;
  readonly loaded: Loaded;
  readonly numbers: RecordNumbers;
  readonly sink: Sink;
}

export function runFeed(feed: CompiledFeed, run: FeedRun): void {
  const { sink } = run;
  const count = (what: FeedCount, by: number): void => sink.count(feed.tableNumber, feed.feedNumber, what, by);
  const all = run.rowsOf(feed.driver);
  const rows: RowsAtHand = { single: [], lists: [] };
  const meant = feed.before.length === 0 ? all : all.filter((row) => passes(feed.before, row, rows));
  count('read', all.length);
  count('notMeant', all.length - meant.length);

  const units = unitsOf(meant, feed.key, feed.fold);
  const scope: CellScope = { problem: null, note: null };
  for (let i = 0; i < units.length; ) {
    let next = i + 1;
    const { key } = units[i] as Unit;
    while (next < units.length && (units[next] as Unit).key === key) next += 1;
    const same = units.slice(i, next);
    i = next;
    for (const { unit, key } of decide(feed, same, count, run)) {
      count('folded', unit.size - 1);
      makeRow(feed, unit, key, { rows, scope, run, count });
    }
  }
}

function passes(where: readonly CompiledCondition[], row: SourceRow, rows: RowsAtHand): boolean {
  rows.single[DRIVER_SLOT] = row;
  rows.single[LAST_SLOT] = row;
  return allHold(where, rows);
}

/** Of units with one key: which are loaded. Equal ones are one; different ones cannot both be right. */
function decide(
  feed: CompiledFeed,
  same: readonly Unit[],
  count: (what: FeedCount, by: number) => void,
  run: FeedRun,
): { readonly unit: Unit; readonly key: string }[] {
  const [first] = same;
  if (!first) return [];
  const missing = feed.key.length > 0 && feed.key.some((column) => first.first[column] === '');
  if (feed.lenient)
    return same.map((unit, i) => ({ unit, key: i === 0 && !missing ? unit.key : `${unit.key}#${i + 1}` }));
  if (missing) {
    for (const unit of same) refuse(feed, unit, 'KEY_MISSING', '', run, count);
    return [];
  }
  const others = same.slice(1);
  if (others.every((unit) => compareContent(unit.first, first.first) === 0)) {
    for (const unit of others) count('sameRow', unit.size);
    return [{ unit: first, key: first.key }];
  }
  for (const unit of same) refuse(feed, unit, 'KEY_DUPLICATE', '', run, count);
  return [];
}

interface Making {
  readonly rows: RowsAtHand;
  readonly scope: CellScope;
  readonly run: FeedRun;
  readonly count: (what: FeedCount, by: number) => void;
}

function makeRow(feed: CompiledFeed, unit: Unit, key: string, { rows, scope, run, count }: Making): void {
  rows.single[DRIVER_SLOT] = unit.first;
  rows.single[LAST_SLOT] = unit.last;
  const positions = [unit.first[feed.position] ?? ''];
  for (let i = 0; i < feed.joins.length; i++) {
    const join = feed.joins[i] as CompiledJoin;
    const problem = join.take(rows, run.index);
    if (problem !== null) {
      refuseLeftover(feed, unit, problem, join.table, run, count);
      return;
    }
    const found = join.list ? rows.lists[FIRST_JOIN_SLOT + i]?.[0] : rows.single[FIRST_JOIN_SLOT + i];
    positions.push(found?.[found.length - 1] ?? '');
  }
  if (!allHold(feed.after, rows)) {
    count('notMeant', 1);
    return;
  }

  const cells = new Array<string>(feed.width).fill('');
  const rejects: Reject[] = [];
  const problem = linkParents(feed.parents, rows, cells, run.loaded);
  if (problem !== null && !feed.lenient) {
    refuseLeftover(feed, unit, problem.problem, problem.parent, run, count);
    return;
  }
  if (problem !== null)
    rejects.push({ ...rowReject(feed, unit, problem.problem, problem.parent), disposition: 'blank' });
  const madeUp: string[] = [];
  const fate = fillCells(feed, unit, { rows, scope, run, count }, { cells, rejects, madeUp });
  for (const reject of rejects) run.sink.reject(reject);
  const name = businessKey(feed.identity, key);
  if (fate !== 'blank') {
    remember(feed, name, null, run);
    count(fate === 'quarantine' ? 'quarantined' : 'rejected', 1);
    return;
  }
  const recordNumber = numberOf(feed, unit.first, name, run.numbers);
  remember(feed, name, recordNumber, run);
  for (const index of feed.recordNumber) cells[index] = String(recordNumber);
  for (const index of feed.sourceKey) cells[index] = key;
  count('loaded', 1);
  run.sink.row(feed.tableNumber, { cells, recordNumber, feed: feed.name, sourceKey: key, positions, madeUp });
}

function remember(feed: CompiledFeed, name: string, recordNumber: number | null, run: FeedRun): void {
  if (feed.isParent) run.loaded.get(feed.table)?.set(name, recordNumber);
}

/** A merge moves a row to another patient; the row, and with it its number, stays the same. */
function numberOf(feed: CompiledFeed, row: SourceRow, name: string, numbers: RecordNumbers): number {
  const original = row[feed.original] ?? '';
  const patient = original || ((feed.patient === null ? '' : row[feed.patient]) ?? '');
  if (original === '' || feed.patient === null || !feed.key.includes(feed.patient))
    return numbers.of(feed.table, name, patient);
  const before = feed.key.map((column) => (column === feed.patient ? original : (row[column] ?? '')));
  return numbers.of(feed.table, businessKey(feed.identity, joinKey(before)), patient);
}

/** Fills the cells; answers what is to become of the row, the gravest of its cells' policies. */
function fillCells(
  feed: CompiledFeed,
  unit: Unit,
  { rows, scope, run }: Making,
  { cells, rejects, madeUp }: { readonly cells: string[]; readonly rejects: Reject[]; readonly madeUp: string[] },
): Reject['disposition'] {
  let fate: Reject['disposition'] = 'blank';
  for (const cell of feed.cells) {
    scope.problem = null;
    scope.note = null;
    const value = cell.make(rows, scope);
    if (value !== '') {
      cells[cell.index] = value;
      if (scope.note !== null) run.sink.cell(feed.tableNumber, cell.index, scope.note);
      if (scope.note === 'imputed' || scope.note === 'defaulted') madeUp.push(`${scope.note} ${cell.field.field}`);
      continue;
    }
    let problem = scope.problem as Reject['problem'] | null;
    let disposition: Reject['disposition'] = cell.field.onReject;
    if (problem === null) {
      if (cell.field.onBlank === 'report') run.sink.cell(feed.tableNumber, cell.index, 'missed');
      if (cell.field.onBlank !== 'reject-row') continue;
      problem = 'MANDATORY_BLANK';
      disposition = 'reject-row';
    }
    const source = cell.sources.find((column) => valueAt(rows, column) !== '') ?? cell.sources[0];
    rejects.push({
      problem,
      disposition,
      table: feed.table,
      field: cell.field.field,
      feed: feed.name,
      sourceTable: source?.table ?? feed.driver,
      sourceField: source?.field ?? '',
      sourceKey: unit.key,
      valueClass: source ? valueClass(valueAt(rows, source)) : 'empty',
      position: (source && rows.single[source.slot]?.at(-1)) ?? unit.first[feed.position] ?? '',
      crosswalk: cell.field.rule.kind === 'translate' ? cell.field.rule.crosswalk : '',
    });
    if (disposition === 'reject-row' || (disposition === 'quarantine' && fate === 'blank')) fate = disposition;
  }
  return fate;
}

function refuse(
  feed: CompiledFeed,
  unit: Unit,
  problem: RowProblem,
  about: string,
  run: FeedRun,
  count: (what: FeedCount, by: number) => void,
): void {
  count('folded', unit.size - 1);
  refuseLeftover(feed, unit, problem, about, run, count);
}

/** `about` is the other table the row needed. */
function refuseLeftover(
  feed: CompiledFeed,
  unit: Unit,
  problem: RowProblem,
  about: string,
  run: FeedRun,
  count: (what: FeedCount, by: number) => void,
): void {
  remember(feed, businessKey(feed.identity, unit.key), null, run);
  count('rejected', 1);
  run.sink.reject(rowReject(feed, unit, problem, about));
}

function rowReject(feed: CompiledFeed, unit: Unit, problem: RowProblem, about: string): Reject {
  return {
    problem,
    disposition: 'reject-row',
    table: feed.table,
    field: '',
    feed: feed.name,
    sourceTable: feed.driver,
    sourceField: about,
    sourceKey: unit.key,
    valueClass: '',
    position: unit.first[feed.position] ?? '',
    crosswalk: '',
  };
}
