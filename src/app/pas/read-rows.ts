import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { createCsvReader } from '../../core/index.ts';

const CHUNK = 1 << 20;

/** The bytes of a file piece by piece; the buffer is used again for the next. `use` answers false to stop. */
export function forEachChunk(path: string, use: (chunk: Buffer) => boolean | undefined): void {
  const file = openSync(path, 'r');
  try {
    const buffer = Buffer.allocUnsafe(CHUNK);
    for (let size = readSync(file, buffer, 0, CHUNK, null); size > 0; size = readSync(file, buffer, 0, CHUNK, null))
      if (use(buffer.subarray(0, size)) === false) return;
  } finally {
    closeSync(file);
  }
}

/**
 * Rows of a CSV file of ours, header first as number 0. `use` answers false to stop; a few rows more may still come.
 * A file that is not there has no rows. `seen` is given every piece that is read.
 */
export function forEachRow(
  path: string,
  use: (cells: readonly string[], number: number) => boolean | undefined,
  seen?: (chunk: Buffer) => void,
): void {
  if (!existsSync(path)) return;
  let number = -1;
  let wanted = true;
  const row = (cells: readonly string[]): void => {
    number += 1;
    if (wanted && use(cells, number) === false) wanted = false;
  };
  const reader = createCsvReader({ row, bad: () => row([]) });
  const decoder = new TextDecoder('utf-8');
  forEachChunk(path, (chunk) => {
    seen?.(chunk);
    reader.push(decoder.decode(chunk, { stream: true }));
    return wanted;
  });
  if (!wanted) return;
  reader.push(decoder.decode());
  reader.end();
}
