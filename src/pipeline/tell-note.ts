import { type Log, type LogFields, type Meter, type Note, type NoteRules, opaqueKey } from '../core/index.ts';

interface Told {
  readonly labels: { readonly pipeline: string; readonly flow: string };
  readonly root: string;
}

/**
 * Writes a note on a line of its own, in the one form that workers and commands have for it.
 *
 * @param of the record it is told of, or whose run: `record_id` is there for a record only
 */
export function writeNote(
  log: Log,
  rules: NoteRules,
  note: Note,
  of: { readonly root: string } | { readonly run: string },
  fields: LogFields = {},
): void {
  const named =
    'root' in of ? { record_id: of.root, correlationId: opaqueKey(of.root) } : { correlationId: opaqueKey(of.run) };
  log.note(note, rules.levelOf(note.code), rules.textOf(note.code), { ...fields, ...named });
}

/** A note whose `elapsed_time` its rules had to leave open, for they have no clock. */
export const withTime = (note: Note, seconds: number): Note =>
  note.fields.elapsed_time === null ? { ...note, fields: { ...note.fields, elapsed_time: seconds } } : note;

/** Logs what a migration's rules say of a root, and counts it by its code. */
export function tellNote(log: Log, meter: Meter, rules: NoteRules, note: Note, { labels, root }: Told): void {
  writeNote(log, rules, note, { root }, { flow: labels.flow });
  meter.count('sluice_notes_total', { ...labels, code: note.code });
}
