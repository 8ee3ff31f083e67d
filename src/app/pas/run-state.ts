import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SluiceError } from '../../core/index.ts';
import type { FeedCount, SavedIssues } from '../../migrations/pas/index.ts';

/** The steps of a run, in their order. */
export const STEPS = ['extract', 'transform', 'verify', 'gates'] as const;
export type Step = (typeof STEPS)[number];

export type Mode = 'strict' | 'impute';

/** What a run's figures hold for; a gate that finds them changed does not pass. */
export interface Hashes {
  readonly contract: string;
  readonly crosswalks: string;
  readonly catalogue: string;
  readonly code: string;
}

/** What the extract held, by table. */
export interface ExtractedTable {
  readonly table: string;
  read: number;
  bad: number;
  deleted: number;
  merged: number;
  kept: number;
}

/** What the transformation counted. Sizes do not grow with the number of patients. */
export interface Figures {
  /** `TABLE/feed` to its counts */
  readonly feeds: Record<string, Record<FeedCount, number>>;
  /** `TABLE.field` to the cells that are not the source's own */
  readonly cells: Record<string, Record<'defaulted' | 'imputed' | 'unapproved' | 'missed', number>>;
  /** `problem|TABLE|field` to how often */
  readonly rejects: Record<string, number>;
}

export interface RunState {
  readonly runId: string;
  readonly startedAt: string;
  readonly source: string;
  readonly contract: string;
  /** How it was told where its contract is; null: ours. */
  readonly contractPath: string | null;
  readonly crosswalksFolder: string | null;
  readonly policyFile: string | null;
  readonly profile: string;
  readonly mode: Mode;
  /** CCYY-MM-DD: the day crosswalks had to hold on */
  readonly on: string;
  readonly testData: boolean;
  readonly hashes: Hashes;
  done: Step[];
  parts: number;
  extracted: ExtractedTable[];
  /** parts finished, and how long each file was then */
  partsDone: number;
  lengths: number[];
  figures: Figures;
  /** What each step found; a step that is done again forgets what it had found. */
  found: Record<Exclude<Step, 'gates'>, SavedIssues>;
}

export const nothingFound = (): RunState['found'] => ({
  extract: { issues: [], counts: [] },
  transform: { issues: [], counts: [] },
  verify: { issues: [], counts: [] },
});

const stateFile = (folder: string): string => join(folder, 'run.json');

export function saveState(folder: string, state: RunState): void {
  const path = stateFile(folder);
  writeFileSync(`${path}.new`, `${JSON.stringify(state)}\n`, { flush: true });
  renameSync(`${path}.new`, path);
}

/** The state of the run in a folder; null where there was none. */
export function loadState(folder: string): RunState | null {
  const path = stateFile(folder);
  if (!existsSync(path)) return null;
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as RunState;
  } catch (cause) {
    throw new SluiceError('CONFIG_INVALID', `${path} is damaged; begin the run anew`, { cause });
  }
}
