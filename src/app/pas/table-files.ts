import { closeSync, existsSync, ftruncateSync, mkdirSync, openSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { csvLine } from '../../core/index.ts';
import { bufferedFile } from './buffered-file.ts';

/** Of each file; there are 77. */
const WAITING_BYTES = 1 << 17;

/** CSV files that grow together. Their lengths are a point to which a broken run can go back. */
export interface TableFiles {
  add(file: number, line: string): void;
  /** All that was added is in the files; answers how long each is. */
  flush(): number[];
  close(): void;
}

/** Opens files under a folder, cut to `lengths` where a run goes on, else new with their headers. */
export function openTableFiles(
  folder: string,
  files: readonly { readonly name: string; readonly header: readonly string[] }[],
  lengths: readonly number[] | null,
): TableFiles {
  mkdirSync(folder, { recursive: true });
  const open = files.map(({ name, header }, i) => {
    const path = join(folder, name);
    const goOn = lengths !== null && existsSync(path) && statSync(path).size >= (lengths[i] ?? 0);
    const file = openSync(path, goOn ? 'r+' : 'w');
    if (goOn) ftruncateSync(file, lengths[i] ?? 0);
    const length = goOn ? (lengths[i] ?? 0) : writeSync(file, csvLine(header));
    return { file, text: bufferedFile(file, length, WAITING_BYTES) };
  });
  return {
    add(file, line) {
      (open[file] as (typeof open)[number]).text.add(line);
    },
    flush() {
      return open.map(({ text }) => text.flush());
    },
    close() {
      for (const { file, text } of open) {
        text.flush();
        closeSync(file);
      }
    },
  };
}
