import type { SourceRow } from './outcome.ts';
import type { ProjectedTable } from './projection.ts';

/** What the header of an extract says, compared with what the contract reads of the table. */
export interface Header {
  /** Columns the contract reads and the extract does not have. */
  readonly missing: readonly string[];
  readonly repeated: readonly string[];
  readonly width: number;
  /** Cells as they are read, and a position, as the row the engine works on: trimmed, in the projection's order. */
  project(cells: readonly string[], position: string): string[];
}

/** Columns are found by name, letter case aside; a byte order mark and blanks around a name do not count. */
export function readHeader(names: readonly string[], projected: ProjectedTable): Header {
  const at = new Map<string, number>();
  const repeated: string[] = [];
  for (const [index, name] of names.entries()) {
    const key = name
      .replace(/^\ufeff/, '')
      .trim()
      .toLowerCase();
    if (at.has(key)) repeated.push(name.trim());
    else at.set(key, index);
  }
  const columns = [...projected.columns.keys()];
  const from = columns.map((name) => at.get(name.toLowerCase()) ?? -1);
  return {
    missing: columns.filter((_, i) => from[i] === -1),
    repeated,
    width: names.length,
    project(cells, position) {
      const row = new Array<string>(from.length + 2);
      for (let i = 0; i < from.length; i++) row[i] = trimmed(cells[from[i] as number]);
      row[projected.original] = '';
      row[projected.position] = position;
      return row;
    },
  };
}

function trimmed(cell: string | undefined): string {
  if (cell === undefined || cell === '') return '';
  // most cells have no blank at either end, and looking is cheaper than copying
  const first = cell.charCodeAt(0);
  const last = cell.charCodeAt(cell.length - 1);
  return first > 32 && last > 32 && first < 128 && last < 128 ? cell : cell.trim();
}

const DELETED = new Set(['1', '-1', 'Y', 'YES', 'T', 'TRUE', 'D', 'DEL', 'DELETED']);
const LIVE = new Set(['', '0', 'N', 'NO', 'F', 'FALSE', 'A', 'ACTIVE']);

/** Whether a row is marked as deleted; `unknown` is a mark nobody declared, and such a row is kept. */
export function deletionOf(row: SourceRow, { deletedBy }: ProjectedTable): 'live' | 'deleted' | 'unknown' {
  if (deletedBy === null) return 'live';
  const mark = (row[deletedBy] ?? '').toUpperCase();
  if (DELETED.has(mark)) return 'deleted';
  return LIVE.has(mark) ? 'live' : 'unknown';
}

/** Which patient numbers were merged into which; a chain of merges ends at its last number. */
export function readMerges(rows: readonly SourceRow[], from: number, into: number): ReadonlyMap<string, string> {
  const direct = new Map<string, string>();
  for (const row of rows) {
    const [old = '', newest = ''] = [row[from], row[into]];
    if (old !== '' && newest !== '' && old !== newest) direct.set(old, newest);
  }
  const merges = new Map<string, string>();
  for (const old of direct.keys()) {
    let newest = old;
    // numbers merged in a ring belong to nobody: each stays what it is
    for (let step = 0; direct.has(newest) && step <= direct.size; step++) newest = direct.get(newest) ?? newest;
    if (!direct.has(newest)) merges.set(old, newest);
  }
  return merges;
}

/** Moves a row to the patient its number was merged into; false: the row is that of a number that is no patient now. */
export function moveMerged(row: string[], projected: ProjectedTable, merges: ReadonlyMap<string, string>): boolean {
  if (projected.patient === null) return true;
  const number = row[projected.patient] ?? '';
  const newest = merges.get(number);
  if (newest === undefined) return true;
  if (projected.patientRecord) return false;
  row[projected.patient] = newest;
  row[projected.original] = number;
  return true;
}
