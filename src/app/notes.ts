import { randomUUID } from 'node:crypto';
import type { Log, LogFields, Migration, Note } from '../core/index.ts';
import { writeNote } from '../pipeline/index.ts';
import type { Config } from './config.ts';
import { createLog } from './logger.ts';

/** What every line of a run says of it, where a migration's log is read by more than one run and place. */
export function runFields(config: Config, migration: Migration, runId: string = randomUUID()): LogFields {
  if (!migration.notes) return {};
  const { environment, workspace = null } = config.dynamodb;
  return { run_id: runId, environment, workspace };
}

/** `record`: the one a note is of; without it, the note is of the run. */
export type TellNote = (note: Note, record?: number | string) => void;

/** Writes the notes of a command, all levels, on lines as those of a worker are. */
export function noteLog(config: Config, migration: Migration, write: (line: string) => void, runId?: string): TellNote {
  const { notes: rules, name } = migration;
  const log = createLog({ level: 'debug', write }, runFields(config, migration, runId));
  return (note, record) => {
    if (rules) writeNote(log, rules, note, record === undefined ? { run: name } : { root: String(record) });
  };
}

export interface NoteTally {
  readonly log: Log;
  /** says that the run begins */
  open(): void;
  /** says what was told in it */
  close(): void;
}

/** Counts by their codes the notes that go through a log. */
export function tallyNotes(log: Log, { notes: rules, name }: Migration): NoteTally {
  const told = new Map<string, number>();
  const tallied = (inner: Log): Log => ({
    ...inner,
    note(note, level, message, fields) {
      told.set(note.code, (told.get(note.code) ?? 0) + 1);
      inner.note(note, level, message, fields);
    },
    with: (fields) => tallied(inner.with(fields)),
  });
  const say = (note: Note): void => void (rules && writeNote(log, rules, note, { run: name }));
  return {
    log: rules ? tallied(log) : log,
    open: () => rules && say(rules.opening),
    close: () => rules && say(rules.closing(told)),
  };
}
