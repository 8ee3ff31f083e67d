import { csvLine } from '../../core/index.ts';
import type { RunPlan } from './plan.ts';
import type { Figures } from './run-state.ts';
import type { Verified } from './verify.ts';

export interface FieldFigures {
  readonly field: string;
  readonly class: string;
  readonly mandatory: boolean;
  /** The contract names something that fills it. */
  readonly sourced: boolean;
  /** Mandatory, or one whose blanks the contract wants to hear of. */
  readonly wanted: boolean;
  readonly filled: number;
  /** filled by the source / rows; null without rows */
  readonly completeness: number | null;
  readonly nullRate: number | null;
  readonly imputed: number;
  readonly defaulted: number;
}

export interface TableFigures {
  readonly table: string;
  readonly rows: number;
  /** Rows refused or held, as a share of those that were to be loaded; null when none were. */
  readonly rejectRate: number | null;
  readonly fields: readonly FieldFigures[];
}

/** What the written tables hold, column by column. */
export function tableFigures(
  figures: Figures,
  { engine, fields: contract }: RunPlan,
  { contents }: Verified,
): readonly TableFigures[] {
  return engine.layouts.map(({ table, columns, feeds }) => {
    const content = contents.find((candidate) => candidate.table === table);
    const rows = content?.rows ?? 0;
    let [loaded, lost] = [0, 0];
    for (const { name } of feeds) {
      const count = figures.feeds[`${table}/${name}`];
      loaded += count?.loaded ?? 0;
      lost += (count?.rejected ?? 0) + (count?.quarantined ?? 0);
    }
    const declared = contract.get(table) ?? [];
    const fields = columns.map(({ name, mandatory }, i): FieldFigures => {
      const rules = declared.filter(({ field }) => field === name);
      const filled = content?.filled[i] ?? 0;
      const { imputed = 0, defaulted = 0 } = figures.cells[`${table}.${name}`] ?? {};
      const completeness = rows === 0 ? null : (filled - imputed - defaulted) / rows;
      return {
        field: name,
        class: rules[0]?.class ?? '',
        mandatory,
        sourced: rules.some(({ rule }) => rule.kind !== 'none'),
        wanted: mandatory || rules.some(({ onBlank }) => onBlank === 'report'),
        filled,
        completeness,
        nullRate: completeness === null ? null : 1 - completeness,
        imputed,
        defaulted,
      };
    });
    return { table, rows, rejectRate: loaded + lost === 0 ? null : lost / (loaded + lost), fields };
  });
}

const COMPLETENESS_HEADER = [
  'table',
  'field',
  'class',
  'mandatory',
  'sourced',
  'rows',
  'filled',
  'made_up',
  'completeness',
];

/** One line a field: of the rows of its table, how many have a value of the source's own. */
export const completenessCsv = (tables: readonly TableFigures[]): string =>
  [
    COMPLETENESS_HEADER,
    ...tables.flatMap(({ table, rows, fields }) =>
      fields.map(({ field, class: what, mandatory, sourced, filled, imputed, defaulted, completeness }) => [
        table,
        field,
        what,
        mandatory ? 'yes' : '',
        sourced ? 'yes' : '',
        String(rows),
        String(filled),
        imputed + defaulted === 0 ? '' : String(imputed + defaulted),
        completeness === null ? '' : completeness.toFixed(4),
      ]),
    ),
  ]
    .map(csvLine)
    .join('');
