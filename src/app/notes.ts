import { randomUUID } from 'node:crypto';
import { type Log, type LogFields, type Migration, type Note, opaqueKey } from '../core/index.ts';
import type { Config } from './config.ts';

/** What every line of a run says of it, where a migration's log is read by more than one run and place. */
export function runFields(config: Config, migration: Migration): LogFields {
  if (!migration.notes) return {};
  const { environment, workspace } = config.dynamodb;
  return { run_id: randomUUID(), environment, ...(workspace === undefined ? {} : { workspace }) };
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
  const say = (note: Note): void => {
    if (rules) log.note(note, rules.levelOf(note.code), rules.textOf(note.code), { correlationId: opaqueKey(name) });
  };
  return {
    log: rules ? tallied(log) : log,
    open: () => rules && say(rules.opening),
    close: () => rules && say(rules.closing(told)),
  };
}
