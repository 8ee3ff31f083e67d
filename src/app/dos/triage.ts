import { type ChangeEvent, type Document, type Issue, SluiceError } from '../../core/index.ts';
import { type DosConfig, dos, etl, type Note, SCHEMA, type SourceRows } from '../../migrations/dos/index.ts';
import { createModel } from '../../pipeline/in-memory/index.ts';

/** What the triage codes are, and what is told of the rows that give none. */
export interface TriageCodes {
  readonly documents: readonly Document[];
  readonly notes: readonly Note[];
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
  const notes: Note[] = [];
  for (const { flow, root } of model.derive(at).roots) {
    const trouble = model.troubleOf(flow, root);
    if (trouble) notes.push(etl('008', { error: trouble.code ?? trouble.state, record_id: root }));
    for (const issue of model.issuesOf(flow, root)) notes.push(noteOf(issue, root));
  }
  const documents = [...model.documents().values()].flatMap((held) => [...held.values()]);
  return { documents, notes, errors: notes.filter(({ code }) => code === 'DM_ETL_008').length };
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

const noteOf = ({ code, path }: Issue, root: string): Note =>
  code === 'DM_ETL_012'
    ? { code, fields: { sg_id: Number(root) } }
    : { code: 'DM_ETL_008', fields: { error: path, record_id: root } };

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
