import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { SourceRow } from '../../migrations/pas/index.ts';
import { bufferedFile } from './buffered-file.ts';

/** Source text of which one part is made: what is in memory at a time is a small multiple of it. */
const PART_BYTES = 1 << 20;
/** Each part has a file open while the extract is read. */
const MOST_PARTS = 512;

const CELL = '\u001f';
const ROW = '\u001e';
/** Text that waits to be written, over all parts together. */
const WAITING_BYTES = 8 << 20;

/** How many parts an extract of so many bytes is cut into: a power of two, so that parts are ranges of hashes. */
export function partsFor(bytes: number): number {
  let parts = 1;
  while (parts < MOST_PARTS && parts * PART_BYTES < bytes) parts *= 2;
  return parts;
}

/** FNV-1a, 32 bits, stirred so that the top bits are as good as the others. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}

/** Which of `shares` (a power of two) equal ranges of hashes a patient falls into. */
export const shareOf = (patient: string, shares: number): number =>
  Math.floor(hashOf(patient) / (0x1_0000_0000 / shares));

export interface PartWriter {
  add(table: number, row: SourceRow, patient: string): void;
  close(): void;
}

const partFile = (folder: string, part: number): string => join(folder, `part-${String(part).padStart(4, '0')}`);

/** Whether an extract cut into so many parts still lies in the folder. */
export const partsAreThere = (folder: string, parts: number): boolean =>
  parts > 0 && existsSync(partFile(folder, parts - 1));

/** All rows of one patient go into one part, whatever table they are of. */
export function writeParts(folder: string, parts: number): PartWriter {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const files = Array.from({ length: parts }, (_, part) => openSync(partFile(folder, part), 'w'));
  const texts = files.map((file) => bufferedFile(file, 0, WAITING_BYTES / parts));
  return {
    add(table, row, patient) {
      texts[shareOf(patient, parts)]?.add(`${row.join(CELL)}${CELL}${table}${ROW}`);
    },
    close() {
      for (const text of texts) text.flush();
      for (const file of files) closeSync(file);
    },
  };
}

/** The rows of a part by table. */
export function readPart(folder: string, part: number, tables: readonly string[]): Map<string, SourceRow[]> {
  const rows = new Map<string, SourceRow[]>(tables.map((table) => [table, []]));
  const lists = tables.map((table) => rows.get(table) as SourceRow[]);
  for (const text of readFileSync(partFile(folder, part), 'utf8').split(ROW)) {
    if (text === '') continue;
    const cells = text.split(CELL);
    lists[Number(cells.pop())]?.push(cells);
  }
  return rows;
}
