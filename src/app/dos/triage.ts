import { type ChangeEvent, type Document, SluiceError } from '../../core/index.ts';
import { type DosConfig, dos, etl, type Note, SCHEMA, type SourceRows } from '../../migrations/dos/index.ts';
import { createModel } from '../../pipeline/in-memory/index.ts';

/** What the triage codes are, and what is told of the rows that give none. */
export interface TriageCodes {
  /** `root`: the row, or what rows have in common, that a document is made of */
  readonly documents: readonly { readonly document: Document; readonly root: string }[];
  readonly notes: readonly { readonly note: Note; readonly root: string }[];
  readonly errors: number;
}

/** Derives all triage codes from their rows, by the flows of the stream. None when they are switched off. */
export function deriveTriage(rows: SourceRows, config: DosConfig, at: string): TriageCodes {
  const migration = dos(config);
  const flows = migration.flows.filter(({ name }) => name !== 'services');
  if (flows.length === 0) return { documents: [], notes: [], errors: 0 };
  const model = createModel({ ...migration, flows });
  let place = 0n;
  for (const { name } of migration.tables.filter((table) => TRIAGE_TABLES.has(table.name))) {
    for (const row of rows[name.slice(SCHEMA.length + 1)] ?? []) {
      place += 1n;
      model.apply(readAs(name, row, place));
    }
  }
  const notes: TriageCodes['notes'][number][] = [];
  for (const { flow, root } of model.derive(at).roots) {
    const trouble = model.troubleOf(flow, root);
    const told = trouble ? [etl('008', { error: trouble.code ?? trouble.state })] : model.notesOf(flow, root);
    notes.push(...told.map((note) => ({ note, root })));
  }
  const documents = [...model.documents().values()].flatMap((held) =>
    [...held.values()].map((document) => ({ document, root: model.ownerOf(document)?.root ?? document.id })),
  );
  return { documents, notes, errors: notes.filter(({ note }) => note.code === 'DM_ETL_008').length };
}

export const TRIAGE_TABLES: ReadonlySet<string> = new Set(
  [
    'dispositions',
    'symptomgroups',
    'symptomdiscriminators',
    'symptomdiscriminatorsynonyms',
    'symptomgroupsymptomdiscriminators',
  ].map((table) => `${SCHEMA}.${table}`),
);

function readAs(table: string, row: SourceRows[string][number], place: bigint): ChangeEvent {
  if (!Number.isInteger(row.id)) throw new SluiceError('ROW_INVALID', `${table}: a row has no id`);
  return {
    kind: 'change',
    table,
    key: String(row.id),
    op: 'r',
    after: row,
    before: null,
    unsent: [],
    position: { epoch: 1, phase: 1, a: place, b: place, txId: place, offset: place },
    sourceTime: '1970-01-01T00:00:00.000000Z',
    origin: null,
  };
}
