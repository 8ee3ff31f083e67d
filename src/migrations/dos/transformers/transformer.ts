import type { DosConfig } from '../config.ts';
import type { HealthcareService } from '../documents/healthcare-service.ts';
import type { Location } from '../documents/location.ts';
import type { Organisation } from '../documents/organisation.ts';
import type { FieldIssue } from '../fields/issue.ts';
import type { Note } from '../notes.ts';
import type { ServiceRow } from '../rows.ts';
import type { SourceService } from '../services/source.ts';

/** What a service becomes. */
export interface ServiceDocuments {
  readonly organisation: Organisation | null;
  readonly location: Location | null;
  readonly healthcareService: HealthcareService | null;
}

export interface Surroundings {
  readonly config: DosConfig;
  /** organisation and location of the pharmacy a linked service belongs to */
  readonly parent: { readonly organisation: string; readonly location: string } | null;
}

/** The checked form of the columns a transformer cares for. `build` may be called when no issue is fatal. */
export interface Checked {
  readonly issues: readonly FieldIssue[];
  readonly notes: readonly Note[];
  /** Throws a Rejection when the service does not fit its documents. */
  readonly build: (around: Surroundings, notes: Note[]) => ServiceDocuments;
}

export interface Transformer {
  /** as logs and figures call it */
  readonly name: string;
  /** the setting without which it takes nothing */
  readonly needs: 'searchTriageCode' | 'pharmacy' | null;
  /** why this service is none of its own; null when it is */
  refusal(row: ServiceRow): string | null;
  /** why a service of its own is passed over; one that was moved before is seldom passed over */
  exclusion(row: ServiceRow, wasMoved: boolean): string | null;
  check(source: SourceService, config: DosConfig): Checked;
  /** code of the pharmacy a service of its own is linked to */
  parentCode?(row: ServiceRow): string | null;
}

export const notActive = (row: ServiceRow, wasMoved: boolean): string | null =>
  wasMoved || row.statusid === 1 ? null : 'not_active';

export const isMissing = (text: string | null): text is null | '' => text === null || text === '';
