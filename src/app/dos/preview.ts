import type { Json, JsonObject } from '../../core/index.ts';
import {
  type Counts,
  countsOf,
  type DosConfig,
  levelOf,
  type Note,
  type SourceRows,
  TABLE_TARGETS,
} from '../../migrations/dos/index.ts';
import { addCounts, noCounts } from './counts.ts';
import { MemoryItems } from './items.ts';
import { type SyncedService, syncServices } from './service-sync.ts';
import { storedForm } from './stored-form.ts';
import { deriveTriage } from './triage.ts';

export interface DosPreview {
  readonly documents: readonly { readonly table: string; readonly item: JsonObject }[];
  /** one a service, in the order of their ids */
  readonly services: readonly JsonObject[];
  /** what is told of triage codes */
  readonly triage: readonly Note[];
  readonly counts: Counts;
}

/** What a full sync of these rows into empty tables would write at this time, by the rules of the live run. */
export async function previewDos(rows: SourceRows, config: DosConfig, at: string): Promise<DosPreview> {
  const store = new MemoryItems();
  const services: JsonObject[] = [];
  const counts = noCounts();
  const ids = (rows.services ?? []).map(({ id }) => Number(id)).sort((x, y) => x - y);
  await syncServices({ config, store, now: () => at, parallel: 1 }, rows, ids, (done) => {
    services.push(lineOf(done));
    addCounts(counts, countsOf(done));
  });
  const codes = deriveTriage(rows, config, at);
  const written = store.items().map(({ entity, after }) => ({ table: entity, item: storedForm(entity, after) }));
  const triage = codes.documents.map(({ document: { content, stamps } }) => {
    const table = TABLE_TARGETS.triageCode.table;
    return { table, item: storedForm(table, { ...content, ...stamps }) };
  });
  const told = codes.notes.flatMap(({ note }) => (levelOf(note.code) === 'INFO' ? [] : [note]));
  return { documents: [...written, ...triage], services, triage: told, counts };
}

const lineOf = ({ service, outcome, transformer, reason, issues, error }: SyncedService): JsonObject => ({
  service_id: service,
  outcome,
  transformer,
  reason,
  issues: issues as unknown as Json,
  error: error as unknown as Json,
});
