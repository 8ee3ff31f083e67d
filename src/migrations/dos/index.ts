import type { Migration } from '../../core/index.ts';
import { DEFAULTS, type DosConfig } from './config.ts';
import { historyRules, journalOf } from './history/journal.ts';
import { NOTES } from './run-notes.ts';
import { servicesFlow } from './services/flow.ts';
import { notesOfWrites } from './services/written.ts';
import { stampsAfter, stampsAt } from './state/stamps.ts';
import { TABLES } from './tables.ts';
import { TABLE_TARGETS, tableName } from './targets.ts';
import { TRIAGE_FLOWS } from './triage/flows.ts';

export { DEFAULTS, type DosConfig } from './config.ts';
export { readEvent } from './events/dms-event.ts';
export { isSingle, type QueueEntry, type QueueRequest, queueBatches } from './events/queue.ts';
export { fhirResources, fhirResourcesOf } from './fhir/documents.ts';
export { journalOf } from './history/journal.ts';
export { versionEntry } from './history/version-entry.ts';
export { stateId } from './ids.ts';
export { etl, levelOf, type Note, queueNote } from './notes.ts';
export { ROW_COLUMNS } from './rows.ts';
export { bothSets, COUNTERS, type Counts, countsOf } from './services/counts.ts';
export { CHILDREN, type FindService, joinServices, LINKS, type SourceRows } from './services/join.ts';
export { readNote } from './services/notes.ts';
export { type SourceService, sourceService } from './services/source.ts';
export { type Synced, syncService } from './services/sync.ts';
export type { ItemWrite } from './state/plan.ts';
export { stampsAfter } from './state/stamps.ts';
export { documentIds, STATE_ENTITY } from './state/state.ts';
export { SCHEMA } from './tables.ts';
export { TABLE_TARGETS, tableName } from './targets.ts';
export { PARENT_TYPES } from './transformers/pharmacy/transformer.ts';
export { combinationsId, triageStamps } from './triage/items.ts';

/** The Directory of Services, to the tables of the service finder and FHIR R4. */
export function dos(options: Partial<DosConfig> = {}): Migration {
  const config = { ...DEFAULTS, ...options };
  const flows = [servicesFlow(config), ...(config.searchTriageCode ? TRIAGE_FLOWS : [])];
  return {
    name: 'dos',
    tables: TABLES,
    flows,
    targetSchemas: [],
    wholeSnapshotFirst: true,
    dynamodb: {
      tables: Object.values(TABLE_TARGETS),
      tableName,
      stamp: (target, stamps, stored, content, at) => stampsAfter(target, stampsAt(stamps, at), stored, content),
      journal: journalOf,
      history: historyRules(config.adoptExisting),
      adopt: config.adoptExisting,
      notesOf: notesOfWrites,
    },
    notes: NOTES,
  };
}
