/** What a deployment decides about this migration. */
export interface DosConfig {
  /** off: no Enhanced Access, no triage codes, and of a GP practice the organisation only */
  readonly searchTriageCode: boolean;
  /** off: no pharmacies of any kind */
  readonly pharmacy: boolean;
  /** compat: as the reference finds counties, odd hits included; exact: full names only */
  readonly countyMatching: 'compat' | 'exact';
  /** off: documents that are in the tables and in no state are somebody else's, and their service is refused */
  readonly adoptExisting: boolean;
  /** also write the same services as FHIR R4 resources */
  readonly fhir: boolean;
}

export const DEFAULTS: DosConfig = {
  searchTriageCode: true,
  pharmacy: true,
  countyMatching: 'compat',
  adoptExisting: false,
  fhir: false,
};
