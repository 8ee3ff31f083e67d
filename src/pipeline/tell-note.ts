import { type Log, type Meter, type Note, type NoteRules, opaqueKey } from '../core/index.ts';

interface Told {
  readonly labels: { readonly pipeline: string; readonly flow: string };
  readonly root: string;
}

/** Logs what a migration's rules say of a root, and counts it by its code. */
export function tellNote(log: Log, meter: Meter, rules: NoteRules, note: Note, { labels, root }: Told): void {
  const fields = { flow: labels.flow, record_id: root, correlationId: opaqueKey(root) };
  log.note(note, rules.levelOf(note.code), rules.textOf(note.code), fields);
  meter.count('sluice_notes_total', { ...labels, code: note.code });
}
