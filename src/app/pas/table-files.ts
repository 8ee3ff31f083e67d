import { closeSync, existsSync, ftruncateSync, mkdirSync, openSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { csvLine } from '../../core/index.ts';

const FLUSH = 1 << 18;

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
    return { file, length, waiting: '' };
  });
  const flushOne = (one: (typeof open)[number]): void => {
    if (one.waiting === '') return;
    one.length += writeSync(one.file, one.waiting, one.length, 'utf8');
    one.waiting = '';
  };
  return {
    add(file, line) {
      const one = open[file] as (typeof open)[number];
      one.waiting += line;
      if (one.waiting.length > FLUSH) flushOne(one);
    },
    flush() {
      return open.map((one) => {
        flushOne(one);
        return one.length;
      });
    },
    close() {
      for (const one of open) {
        flushOne(one);
        closeSync(one.file);
      }
    },
  };
}
