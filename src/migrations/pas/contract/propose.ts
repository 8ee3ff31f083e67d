import type { Catalogue, SourceField, TargetField } from '../catalogue/model.ts';
import { longestWritten, typeFits } from './fit.ts';
import type { Confidence, Feed } from './model.ts';
import type { ReadContract } from './read.ts';
import type { NamedSource, ReadField } from './read-fields.ts';
import { feedsFor, rowsOfFeed } from './rows-of-feed.ts';
import { alike } from './words.ts';

/** A row somebody may put into a contract after looking at it. It is never approved by itself. */
export interface Proposal {
  readonly table: string;
  readonly field: string;
  readonly feed: string;
  /** Its `row` is '' when no plan reads that table yet. */
  readonly source: NamedSource;
  readonly confidence: Confidence;
  readonly reason: string;
}

export interface Proposed {
  /** Fields whose row of `contract` reads nothing this catalogue lacks. */
  readonly kept: number;
  /** Rows that cannot stay, each with what is missing and the candidates for it. */
  readonly open: readonly {
    readonly row: ReadField;
    readonly missing: readonly string[];
    readonly candidates: readonly Proposal[];
  }[];
}

const MOST = 3;

/**
 * What a hospital's own catalogue asks of a contract: rows whose columns it has stay as they are; for each other row
 * candidates from the tables the plan reads anyway, and from tables only this catalogue has, which somebody would have to
 * join first. `written` is the catalogue the contract was written against.
 */
export function proposeRows(contract: ReadContract, catalogue: Catalogue, written: Catalogue): Proposed {
  let kept = 0;
  const newTables = [...catalogue.sourceFields.keys()].filter((table) => !written.sourceFields.has(table));
  const open: { row: ReadField; missing: string[]; candidates: Proposal[] }[] = [];
  for (const [table, rows] of contract.fields) {
    const plan = contract.plans.get(table);
    for (const row of rows) {
      const missing = row.sources.filter(({ table, field }) => !catalogue.sourceFields.get(table)?.has(field));
      const target = catalogue.targetFields.get(table)?.get(row.field);
      if (missing.length === 0 || !target || !plan) {
        if (missing.length === 0) kept++;
        continue;
      }
      const feeds = feedsFor(plan, row.field, row.feed, rows);
      open.push({
        row,
        missing: missing.map(({ table, field }) => `${table}.${field}`),
        candidates: feeds.flatMap((feed) =>
          candidatesFor(feed, row, goneOf(missing, written, newTables), target, catalogue),
        ),
      });
    }
  }
  return { kept, open };
}

/** Candidates for a field nothing fills yet, or for one somebody wants to see again. */
export function proposeField(
  contract: ReadContract,
  catalogue: Catalogue,
  table: string,
  field: string,
): readonly Proposal[] {
  const plan = contract.plans.get(table);
  const target = catalogue.targetFields.get(table)?.get(field);
  const row = contract.fields.get(table)?.find((one) => one.field === field);
  if (!plan || !target || !row || target.phantom || target.key !== null) return [];
  return plan.feeds.flatMap((feed) => candidatesFor(feed, row, NOTHING, target, catalogue));
}

/** Columns that were read and are gone: their names and data element codes; and the tables that came instead. */
interface Gone {
  readonly names: readonly string[];
  readonly elements: ReadonlySet<string>;
  readonly newTables: readonly string[];
}

const NOTHING: Gone = { names: [], elements: new Set(), newTables: [] };

function goneOf(missing: readonly NamedSource[], written: Catalogue, newTables: readonly string[]): Gone {
  const elements = missing.map(({ table, field }) => written.sourceFields.get(table)?.get(field)?.element ?? '');
  return { names: missing.map(({ field }) => field), elements: new Set(elements.filter(Boolean)), newTables };
}

function candidatesFor(feed: Feed, row: ReadField, gone: Gone, target: TargetField, catalogue: Catalogue): Proposal[] {
  const scored: { score: number; proposal: Proposal }[] = [];
  const reach: (readonly [name: string, table: string])[] = [...rowsOfFeed(feed)].filter(([name]) => name !== 'last');
  for (const table of gone.newTables) reach.push(['', table]);
  for (const [name, table] of reach) {
    for (const source of catalogue.sourceFields.get(table)?.values() ?? []) {
      if (source.format === 'inverted' || !typeFits(source.type, target.type)) continue;
      const element = gone.elements.has(source.element);
      const names = [target.field, ...gone.names];
      const score = element ? 2 : Math.max(...names.map((wanted) => alike(wanted, source.field)));
      if (score < 0.5) continue;
      scored.push({ score, proposal: proposalOf(feed, row, { name, source, score, target }) });
    }
  }
  return scored
    .sort((a, b) => b.score - a.score || (a.proposal.source.field < b.proposal.source.field ? -1 : 1))
    .slice(0, MOST)
    .map(({ proposal }) => proposal);
}

function proposalOf(
  feed: Feed,
  row: ReadField,
  what: { name: string; source: SourceField; score: number; target: TargetField },
): Proposal {
  const { name, source, score, target } = what;
  const longest = longestWritten(source, target);
  const tooLong = longest !== null && target.length !== null && longest > target.length;
  const sure = name !== '' && (score === 2 || (score === 1 && name === 'driver')) && !tooLong;
  const reasons = [
    score === 2
      ? `the same data element ${source.element} as the column that is gone`
      : `${Math.round(score * 100)} % of the words of the names agree`,
    wayTo(name, source.table),
    ...(tooLong ? [`its ${longest} characters may not fit into ${target.length}`] : []),
  ];
  return {
    table: row.table,
    field: row.field,
    feed: feed.name,
    source: { row: name, table: source.table, field: source.field },
    confidence: sure ? 'MEDIUM' : 'LOW',
    reason: `${reasons.join('; ')}. Whether it means the same is for a person to say.`,
  };
}

function wayTo(row: string, table: string): string {
  if (row === '') return `no plan reads ${table} yet: a driver or a join by key has to be written first`;
  return row === 'driver' ? 'a column of the driver' : `read through join ${row}`;
}
