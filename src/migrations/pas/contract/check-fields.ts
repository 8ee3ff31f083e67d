import type { Catalogue, SourceField, TargetField } from '../catalogue/model.ts';
import { type DerivationSheet, derivationNamed } from './derivations.ts';
import type { Report } from './finding.ts';
import { longestWritten, typeFits } from './fit.ts';
import type { Crosswalk, FieldRow, TablePlan } from './model.ts';
import type { ReadContract } from './read.ts';
import type { ReadField } from './read-fields.ts';
import { feedsFor, rowsOfFeed } from './rows-of-feed.ts';

/** Every target field against its rows: class, sources, rule, type, length, policies, review. */
export function checkFields(contract: ReadContract, catalogue: Catalogue, report: Report): void {
  for (const [table, fields] of catalogue.targetFields) {
    const rows = contract.fields.get(table) ?? [];
    const plan = contract.plans.get(table);
    for (const target of fields.values()) {
      const own = rows.filter(({ field }) => field === target.field);
      checkCover(plan, target, own, report);
      for (const row of own) checkRow({ row, target, plan, rows, contract, catalogue, report });
    }
    for (const { field } of rows) if (!fields.has(field)) report('FIELD_UNKNOWN', table, field, 'is no column of it');
  }
  for (const table of contract.fields.keys())
    if (!catalogue.targetFields.has(table)) report('TABLE_UNKNOWN', table, '', 'is no target table');
}

function checkCover(plan: TablePlan | undefined, target: TargetField, own: readonly FieldRow[], report: Report): void {
  const { table, field } = target;
  if (own.length === 0) {
    report('FIELD_MISSING', table, field, 'has no row');
    return;
  }
  const feeds = own.map(({ feed }) => feed);
  if (new Set(feeds).size !== feeds.length) report('FIELD_TWICE', table, field, 'has two rows for one feed');
  if (new Set(own.map((row) => row.class)).size > 1) report('CLASS_UNFIT', table, field, 'has rows of two classes');
  if (!plan) return;
  for (const feed of feeds)
    if (feed !== null && !plan.feeds.some(({ name }) => name === feed))
      report('ROW_UNKNOWN', table, field, `has a row for feed ${feed}, which the plan does not have`);
  const uncovered = plan.feeds.filter(({ name }) => !feeds.includes(name) && !feeds.includes(null));
  for (const { name } of uncovered) report('FIELD_MISSING', table, field, `has no row for feed ${name}`);
}

interface RowCheck {
  readonly row: ReadField;
  readonly target: TargetField;
  readonly plan: TablePlan | undefined;
  readonly rows: readonly ReadField[];
  readonly contract: ReadContract;
  readonly catalogue: Catalogue;
  readonly report: Report;
}

function checkRow(check: RowCheck): void {
  const { row, target, contract, catalogue, report } = check;
  const say = (kind: Parameters<Report>[0], message: string): void => report(kind, row.table, row.field, message);
  if (row.reason.length < 4) say('REASON_MISSING', 'has no reason');
  if ((row.review === 'APPROVED' || row.review === 'REJECTED') && row.reviewedBy === '')
    say('REVIEWER_MISSING', `is ${row.review} by nobody`);
  const filledElsewhere = check.rows.some(({ field, rule }) => field === row.field && rule.kind !== 'none');
  if (!classFits(row, target, filledElsewhere))
    say('CLASS_UNFIT', `class ${row.class} does not go with rule ${row.rule.kind}`);
  if (target.mandatory && row.rule.kind !== 'constant' && row.onBlank !== 'reject-row')
    say('MANDATORY_UNGUARDED', 'is mandatory; a blank must reject the row');
  const sources = checkSources(check);
  checkRule(row, target, sources, say);
  const ownWord = row.class === 'LOOKUP_TRANSLATION' && row.rule.kind === 'copy';
  if (ownWord && sources.some(({ table }) => catalogue.sourceTables.get(table)?.grain !== 'reference'))
    say('CODE_UNCHECKED', 'copies a code as activity has it: translate it, hold it to its form, or read a master file');
  if (row.rule.kind === 'translate') {
    const crosswalk = contract.crosswalks.get(row.rule.crosswalk);
    if (!crosswalk) say('CROSSWALK_UNKNOWN', `names crosswalk ${row.rule.crosswalk}, which is not there`);
    else checkTranslation(crosswalk, target, sources, say);
  }
}

type Say = (kind: Parameters<Report>[0], message: string) => void;

/** Each named source is a column of the row it is read from, in every feed the row is for. */
function checkSources({ row, plan, rows, catalogue, report }: RowCheck): SourceField[] {
  const say: Say = (kind, message) => report(kind, row.table, row.field, message);
  const found: SourceField[] = [];
  for (const source of row.sources) {
    const known = catalogue.sourceFields.get(source.table)?.get(source.field);
    if (!known) say('COLUMN_UNKNOWN', `${source.table}.${source.field} is not in the source catalogue`);
    else found.push(known);
    if (known?.format === 'inverted') say('TYPE_UNFIT', `${source.table}.${source.field} only orders rows`);
    for (const feed of plan ? feedsFor(plan, row.field, row.feed, rows) : []) {
      const table = rowsOfFeed(feed).get(source.row);
      if (table === undefined)
        say('JOIN_MISSING', `feed ${feed.name} has no row called ${source.row} to read ${source.table} from`);
      else if (table !== source.table)
        say('SOURCE_TABLE_WRONG', `names ${source.table}, but ${source.row} is a row of ${table} in feed ${feed.name}`);
    }
  }
  return found;
}

function checkRule(row: ReadField, target: TargetField, sources: readonly SourceField[], say: Say): void {
  const { rule } = row;
  const count = row.sources.length;
  switch (rule.kind) {
    case 'copy': {
      if (count !== 1) say('SOURCE_COUNT', `copies ${count} columns; one can be copied`);
      const [source] = sources;
      if (!source) return;
      if (!typeFits(source.type, target.type))
        say('TYPE_UNFIT', `${source.type} of ${source.table}.${source.field} does not go into ${target.type}`);
      const longest = longestWritten(source, target);
      if (longest !== null && target.length !== null && longest > target.length)
        say(
          'LENGTH_UNFIT',
          `${longest} characters of ${source.table}.${source.field} do not fit into ${target.length}`,
        );
      return;
    }
    case 'translate':
      if (count === 0) say('SOURCE_COUNT', 'translates nothing');
      return;
    case 'derive': {
      const derivation = derivationNamed(rule.name);
      if (!derivation) {
        say('RULE_UNKNOWN', `names derivation ${rule.name}, which is not there`);
        return;
      }
      const [least, most] = derivation.reads;
      if (count < least || count > most)
        say('SOURCE_COUNT', `gives ${count} columns to ${rule.name}, which reads ${least} to ${most}`);
      if (!typeFits(derivation.gives, target.type))
        say('TYPE_UNFIT', `${rule.name} gives ${derivation.gives}, which does not go into ${target.type}`);
      const longest = longestDerived(derivation, sources);
      if (longest !== null && target.length !== null && longest > target.length)
        say('LENGTH_UNFIT', `${rule.name} gives up to ${longest} characters, the column has ${target.length}`);
      return;
    }
    case 'constant':
      if (count !== 0) say('SOURCE_COUNT', 'is a constant and reads columns');
      if (target.length !== null && rule.value.length > target.length)
        say('LENGTH_UNFIT', `${rule.value.length} characters of the constant do not fit into ${target.length}`);
      return;
    default:
      if (count !== 0) say('SOURCE_COUNT', `rule ${rule.kind} reads columns it does not need`);
      if (!surrogateFits(rule.kind, target)) say('RULE_UNFIT', `rule ${rule.kind} is not for this column`);
  }
}

function longestDerived({ longest }: DerivationSheet, sources: readonly SourceField[]): number | null {
  const sizes = sources.map(({ size }) => size ?? 0);
  if (longest === 'input') return Math.max(0, ...sizes);
  if (longest === 'sum') return sizes.reduce((sum, size) => sum + size, 2 * Math.max(0, sizes.length - 1));
  return longest === 'column' ? null : longest;
}

function surrogateFits(kind: 'record-number' | 'parent' | 'source-key' | 'none', target: TargetField): boolean {
  if (kind === 'record-number') return target.key === 'record';
  if (kind === 'parent') return target.key === 'parent';
  if (kind === 'source-key') return target.key === 'source';
  return target.key === null;
}

function classFits({ class: what, rule }: FieldRow, target: TargetField, filledElsewhere: boolean): boolean {
  const surrogate = rule.kind === 'record-number' || rule.kind === 'parent' || rule.kind === 'source-key';
  if (target.phantom) return what === 'OUT_OF_SCOPE' && rule.kind === 'none';
  if (what === 'OUT_OF_SCOPE') return rule.kind === 'none';
  if (what === 'SURROGATE_ETL') return surrogate || rule.kind === 'constant';
  if (surrogate) return false;
  // one feed may leave empty what another fills; reference tables are completed by the target's own set-up
  if (rule.kind === 'none') return what === 'REFERENCE_MASTER_FEED' || filledElsewhere;
  return what !== 'DIRECT_SOURCE' || rule.kind !== 'translate';
}

function checkTranslation(crosswalk: Crosswalk, target: TargetField, sources: readonly SourceField[], say: Say): void {
  if (target.length === null) return;
  const longest =
    crosswalk.kind === 'codes'
      ? Math.max(0, ...crosswalk.entries.map((entry) => entry.target.length))
      : Math.max(0, ...sources.map(({ size }) => size ?? 0));
  if (longest > target.length)
    say(
      'CROSSWALK_LENGTH',
      `crosswalk ${crosswalk.name} gives up to ${longest} characters, the column has ${target.length}`,
    );
}
