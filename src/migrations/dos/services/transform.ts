import type { DosConfig } from '../config.ts';
import type { FieldIssue } from '../fields/issue.ts';
import { etl, type Note } from '../notes.ts';
import { Rejection, type ServiceError } from '../rejection.ts';
import { pharmacy } from '../transformers/pharmacy/transformer.ts';
import type { ServiceDocuments, Surroundings, Transformer } from '../transformers/transformer.ts';
import { transformedNote } from './notes.ts';
import type { SourceService } from './source.ts';

/** What a transformer says of a service it has taken. */
export type Transformed = { readonly issues: readonly FieldIssue[]; readonly notes: readonly Note[] } & (
  | { readonly kind: 'skipped'; readonly reason: string }
  | { readonly kind: 'invalid' }
  | { readonly kind: 'rejected'; readonly error: ServiceError }
  | { readonly kind: 'built'; readonly documents: ServiceDocuments }
);

export interface Circumstances extends Surroundings {
  /** the service is in the target already: it is brought up to date whatever its status */
  readonly wasMoved: boolean;
}

export function transformService(source: SourceService, transformer: Transformer, around: Circumstances): Transformed {
  const reason = transformer.exclusion(source.row, around.wasMoved);
  if (reason !== null) return { kind: 'skipped', reason, issues: [], notes: [etl('005', { reason })] };
  const record_id = source.row.id;
  const checked = transformer.check(source, around.config);
  const { issues } = checked;
  const notes: Note[] = checked.notes.map(({ code, fields }) => ({ code, fields }));
  if (issues.length > 0) {
    notes.push(etl('013', { record_id, issue_count: issues.length, issues: issues.map(({ code }) => code) }));
  }
  if (issues.some(({ severity }) => severity === 'fatal'))
    return { kind: 'invalid', issues, notes: [...notes, etl('014', { record_id })] };
  try {
    const documents = checked.build(around, notes);
    notes.push(transformedNote(record_id, transformer.name, documents));
    return { kind: 'built', issues, documents, notes };
  } catch (error) {
    if (!(error instanceof Rejection)) throw error;
    return { kind: 'rejected', issues, error: error.error, notes: [...notes, etl('008', { error: error.error.kind })] };
  }
}

export type ParentTransformed =
  | { readonly documents: ServiceDocuments; readonly issues: readonly FieldIssue[]; readonly notes: readonly Note[] }
  | { readonly error: ServiceError; readonly notes: readonly Note[] };

/** The pharmacy a linked service brings along: taken as it is, whether or not it would have been taken by itself. */
export function transformParent(source: SourceService, config: DosConfig): ParentTransformed {
  const { issues, build } = pharmacy.check(source, config);
  const notes: Note[] = [];
  try {
    return { documents: build({ config, parent: null }, notes), issues, notes };
  } catch (error) {
    if (!(error instanceof Rejection)) throw error;
    return { error: error.error, notes };
  }
}
