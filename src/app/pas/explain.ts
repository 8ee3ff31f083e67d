import { join } from 'node:path';
import { SluiceError } from '../../core/index.ts';
import type { Rule } from '../../migrations/pas/index.ts';
import type { RunPlan } from './plan.ts';
import { forEachRow } from './read-rows.ts';
import type { RunState } from './run-state.ts';

/** Where a cell's value comes from. The value itself is not here. */
export interface Explanation {
  readonly run_id: string;
  readonly table: string;
  readonly record: string;
  readonly field: string;
  readonly feed: string;
  readonly class: string;
  readonly rule: string;
  readonly sources: readonly {
    readonly table: string;
    readonly field: string;
    readonly row: string;
    readonly position: string;
  }[];
  /** Key of the row's driver, as the source has it. */
  readonly source_key: string;
  /** Name and version; null where the rule goes through none. */
  readonly crosswalk: string | null;
  readonly contract: string;
  readonly review: string;
  readonly reason: string;
  readonly filled: boolean;
  /** `imputed` or `defaulted` where no source stands behind the value; '' for all others. */
  readonly made_up: string;
  /** Why the cell is empty although the source had something; '' otherwise. */
  readonly rejected: string;
}

/** @throws CONFIG_INVALID when the run did not write that table, row or field */
export function explainCell(
  folder: string,
  plan: RunPlan,
  state: RunState,
  [table, record, field]: readonly [string, string, string],
): Explanation {
  const layout = plan.engine.layouts.find((candidate) => candidate.table === table);
  const column = layout?.columns.findIndex(({ name }) => name === field) ?? -1;
  if (!layout || column < 0) throw new SluiceError('CONFIG_INVALID', `the run has no column ${table}.${field}`);
  const line = findRow(join(folder, 'lineage', `${table}.csv`), ([number]) => number === record);
  if (!line) throw new SluiceError('CONFIG_INVALID', `the run has no row ${record} in ${table}`);
  const [, feed = '', sourceKey = '', positions = '', madeUp = ''] = line.cells;
  const cells = findRow(join(folder, 'target', `${table}.csv`), (_, ordinal) => ordinal === line.ordinal)?.cells;
  const rows = plan.fields.get(table) ?? [];
  const row =
    rows.find((r) => r.field === field && r.feed === feed) ?? rows.find((r) => r.field === field && r.feed === null);
  if (!row) throw new SluiceError('CONFIG_INVALID', `the contract has no row for ${table}.${field}`);
  const joins = layout.feeds.find(({ name }) => name === feed);
  const places = positions.split(';');
  const { rule } = row;
  const version = rule.kind === 'translate' ? plan.crosswalkVersions.get(rule.crosswalk) : undefined;
  return {
    run_id: state.runId,
    table,
    record,
    field,
    feed,
    class: row.class,
    rule: ruleText(rule),
    sources: row.sources.map((source) => {
      const at = joins?.joinNames.indexOf(source.row) ?? -1;
      return {
        table: at < 0 ? (joins?.driver ?? '') : (joins?.joins[at] ?? ''),
        field: source.field,
        row: source.row,
        position: places[at < 0 ? 0 : at + 1] ?? '',
      };
    }),
    source_key: sourceKey,
    crosswalk: rule.kind === 'translate' ? `${rule.crosswalk} ${version ?? ''}`.trim() : null,
    contract: state.contract,
    review: row.review,
    reason: row.reason,
    filled: (cells?.[column] ?? '') !== '',
    made_up:
      madeUp
        .split(';')
        .find((mark) => mark.endsWith(` ${field}`))
        ?.split(' ')[0] ?? '',
    rejected: rejectOf(folder, table, field, feed, sourceKey),
  };
}

function ruleText(rule: Rule): string {
  if (rule.kind === 'derive') return `derive ${rule.name}`;
  return rule.kind === 'constant' ? `constant ${rule.value}` : rule.kind;
}

function rejectOf(folder: string, table: string, field: string, feed: string, key: string): string {
  const found = findRow(
    join(folder, 'rejects.csv'),
    (cells) => cells[2] === table && cells[3] === field && cells[4] === feed && cells[7] === key,
  );
  return found ? `${found.cells[0]}, ${found.cells[8]}` : '';
}

/** The first row after the header that is meant. */
function findRow(
  path: string,
  meant: (cells: readonly string[], ordinal: number) => boolean,
): { readonly cells: readonly string[]; readonly ordinal: number } | null {
  let found: { readonly cells: readonly string[]; readonly ordinal: number } | null = null;
  forEachRow(path, (cells, ordinal) => {
    if (ordinal === 0 || !meant(cells, ordinal)) return true;
    found = { cells, ordinal };
    return false;
  });
  return found;
}
