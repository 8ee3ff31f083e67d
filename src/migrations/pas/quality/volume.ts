import type { IssueBook } from './issue-book.ts';

export interface VolumeOptions {
  /** Fewer patients than this cannot be the whole hospital. */
  readonly minPatients: number;
  /** Rows each table is said to have, by whoever made the extract. */
  readonly rowCounts: ReadonlyMap<string, number>;
}

interface TableRead {
  readonly table: string;
  readonly read: number;
  readonly kept: number;
}

const PATIENTS = 'PATDATA';

/** Whether an extract is whole: patients enough, and as many rows as were said to be sent. */
export function checkVolume(
  tables: readonly TableRead[],
  { minPatients, rowCounts }: VolumeOptions,
  book: IssueBook,
): void {
  const say = (table: string, message: string): void =>
    book.add({ severity: 'ERROR', category: 'SOURCE_ROW_COUNT', table, field: '', message });
  const read = new Map(tables.map((table) => [table.table, table]));
  const patients = read.get(PATIENTS)?.kept ?? 0;
  if (patients < minPatients) say(PATIENTS, `${patients} patients, ${minPatients} at least were to be there`);
  for (const [table, declared] of rowCounts) {
    const found = read.get(table);
    if (found && found.read !== declared) say(table, `${found.read} rows read, ${declared} declared`);
  }
}
