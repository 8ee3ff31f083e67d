import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { opaqueKey } from '../../core/index.ts';
import { createTargetChecker, type IssueBook, type TableContent } from '../../migrations/pas/index.ts';
import type { RunPlan } from './plan.ts';
import { forEachChunk, forEachRow } from './read-rows.ts';
import { nhsFiles } from './transform.ts';

export interface Verified {
  readonly contents: readonly TableContent[];
  readonly orphans: Readonly<Record<string, number>>;
  readonly edgesChecked: number;
  /** File name to the hash of its content. */
  readonly outputs: Readonly<Record<string, string>>;
}

/** Reads the written tables back, as somebody would who does not trust who wrote them. */
export function verifyTarget(
  folder: string,
  plan: RunPlan,
  book: IssueBook,
  progress: (table: string) => void,
): Verified {
  const checker = createTargetChecker(plan.edges, book);
  const outputs: Record<string, string> = {};
  for (const layout of plan.engine.layouts) {
    const name = join('target', `${layout.table}.csv`);
    const path = join(folder, name);
    if (!existsSync(path)) {
      book.add({
        severity: 'ERROR',
        category: 'TARGET_FILE_MISSING',
        table: layout.table,
        field: '',
        message: 'the file is not there',
      });
      continue;
    }
    let check: ((cells: readonly string[]) => void) | null = null;
    const digest = createHash('sha256');
    forEachRow(
      path,
      (cells) => {
        if (check === null) check = checker.table(layout, cells);
        else check(cells);
        return true;
      },
      (chunk) => digest.update(chunk),
    );
    outputs[name] = digest.digest('hex');
    progress(layout.table);
  }
  return {
    contents: checker.contents,
    orphans: Object.fromEntries(checker.orphans),
    edgesChecked: checker.edgesChecked,
    outputs,
  };
}

/** Hashes of the tables a run wrote, as they are now. */
export function outputHashes(folder: string, tables: readonly string[]): Record<string, string> {
  const hashes: Record<string, string> = {};
  for (const table of tables) {
    const name = join('target', `${table}.csv`);
    if (!existsSync(join(folder, name))) continue;
    const digest = createHash('sha256');
    forEachChunk(join(folder, name), (chunk) => {
      digest.update(chunk);
      return true;
    });
    hashes[name] = digest.digest('hex');
  }
  return hashes;
}

/** NHS numbers that more than one patient has. */
export function checkNhsDuplicates(partsFolder: string, book: IssueBook): void {
  for (const path of nhsFiles(partsFolder)) {
    if (!existsSync(path)) continue;
    const owner = new Map<string, string>();
    for (const entry of readFileSync(path, 'utf8').split('\u001e')) {
      if (entry === '') continue;
      const [digits = '', patient = ''] = entry.split('\u001f');
      const known = owner.get(digits);
      if (known === undefined) owner.set(digits, patient);
      else if (known !== patient)
        book.add(
          {
            severity: 'ERROR',
            category: 'SOURCE_NHS_DUPLICATE',
            table: 'PATDATA',
            field: 'NhsNumber',
            message: 'two patients have this NHS number',
          },
          () => opaqueKey(patient),
        );
    }
  }
}
