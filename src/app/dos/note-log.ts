import { randomUUID } from 'node:crypto';
import { type Note, opaqueKey } from '../../core/index.ts';
import type { Config } from '../config.ts';
import { createLog } from '../logger.ts';
import { runFields } from '../notes.ts';
import { findMigration } from '../pipeline.ts';

export type TellNote = (note: Note, record?: number) => void;

/** Writes what is told as JSON lines, as the stream's log has them: each line names the run, and the service it is of. */
export function noteLog(config: Config, write: (line: string) => void, runId: string = randomUUID()): TellNote {
  const migration = findMigration(config, 'dos');
  const log = createLog({ level: 'debug', write }, { ...runFields(config, migration), run_id: runId });
  const { notes: rules, name } = migration;
  return (note, record) => {
    const key = record === undefined ? name : String(record);
    const fields = { correlationId: opaqueKey(key), ...(record === undefined ? {} : { record_id: key }) };
    if (rules) log.note(note, rules.levelOf(note.code), rules.textOf(note.code), fields);
  };
}
