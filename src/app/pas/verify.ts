import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  type ChainFigures,
  createTargetChecker,
  type IssueBook,
  type LinkFigures,
  type TableContent,
} from '../../migrations/pas/index.ts';
import type { RunPlan } from './plan.ts';
import { forEachChunk, forEachRow } from './read-rows.ts';

export interface Verified {
  readonly contents: readonly TableContent[];
  readonly links: Readonly<Record<string, LinkFigures>>;
  readonly chains: Readonly<Record<string, ChainFigures>>;
  readonly edgesChecked: number;
  /** File name to the hash of its content. */
  readonly outputs: Readonly<Record<string, string>>;
}

/** Reads the written tables back, as somebody would who does not trust who wrote them. */
export function verifyTarget(
  folder: string,
  plan: RunPlan,
  codeSets: ReadonlyMap<string, ReadonlySet<string>>,
  book: IssueBook,
  progress: (table: string) => void,
): Verified {
  const checker = createTargetChecker(plan.edges, codeSets, book);
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
        if (check === null)
          check = checker.table({ ...layout, columns: plan.expected.get(layout.table) ?? layout.columns }, cells);
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
    links: Object.fromEntries(checker.links),
    chains: Object.fromEntries(checker.chains),
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
