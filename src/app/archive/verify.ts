import { createHash } from 'node:crypto';
import { SluiceError } from '../../core/index.ts';
import { fetchPart } from '../backup/parts.ts';
import type { BackupPlace } from '../backup/place.ts';
import { type ArchiveContents, type ArchivePart, type ArchiveTable, readContents } from './manifest.ts';

export interface ArchiveProof {
  readonly contents: ArchiveContents;
  /** what is wrong, one for each part or table; none: the archive is whole */
  readonly faults: readonly { readonly where: string; readonly what: string }[];
}

const NEWLINE = 10;

/** Rows of COPY's text in a part. Throws BACKUP_DAMAGED naming it. */
export async function fetchRows(place: BackupPlace, part: ArchivePart): Promise<Buffer> {
  const text = await fetchPart(place, part);
  let rows = 0;
  for (let at = text.indexOf(NEWLINE); at >= 0; at = text.indexOf(NEWLINE, at + 1)) rows += 1;
  if (rows === part.rows && text.at(-1) === NEWLINE) return text;
  throw new SluiceError('BACKUP_DAMAGED', `${part.name} holds ${rows} rows, its manifest says ${part.rows}`);
}

/** Reads all of an archive and says all that is wrong with it. Throws BACKUP_DAMAGED where there is no manifest to prove. */
export async function verifyArchive(
  place: BackupPlace,
  tell: (at: { readonly part: string; readonly done: number; readonly of: number }) => void,
): Promise<ArchiveProof> {
  const contents = await readContents(place);
  const of = contents.tables.reduce((sum, { parts }) => sum + parts.length, 0);
  const faults: { where: string; what: string }[] = [];
  let done = 0;
  for (const table of contents.tables) {
    const content = createHash('sha256');
    const sum = { rows: 0, bytes: 0 };
    const before = faults.length;
    for (const part of table.parts) {
      try {
        const text = await fetchRows(place, part);
        content.update(text);
        sum.rows += part.rows;
        sum.bytes += text.length;
      } catch (error) {
        if (!(error instanceof SluiceError) || error.code !== 'BACKUP_DAMAGED') throw error;
        faults.push({ where: part.name, what: error.message.slice(part.name.length + 1) });
      }
      done += 1;
      tell({ part: part.name, done, of });
    }
    // what is wrong with a part is said already
    if (faults.length > before) continue;
    const what = tableFault(table, sum, content.digest('hex'));
    if (what !== null) faults.push({ where: table.name, what });
  }
  return { contents, faults };
}

function tableFault(table: ArchiveTable, sum: { rows: number; bytes: number }, sha256: string): string | null {
  if (sum.rows !== table.rows) return `holds ${sum.rows} rows, its manifest says ${table.rows}`;
  if (sum.bytes !== table.bytes) return `holds ${sum.bytes} bytes, its manifest says ${table.bytes}`;
  return sha256 === table.sha256 ? null : 'has other rows than its manifest says';
}
