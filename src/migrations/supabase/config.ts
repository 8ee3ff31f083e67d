/** What a deployment sets before its first run: the first two are in the identity of everything. */
export interface SupabaseConfig {
  /** namespace of all name-based UUIDs */
  readonly namespace: string;
  /** base of our identifier systems, ending in `id/` */
  readonly base: string;
  /** where the copied files of action plans are read, ending in `/` */
  readonly files: string;
}

export const DEFAULTS: SupabaseConfig = {
  namespace: '6f1d6a52-5f0e-5d0c-9c3a-7a1f6f0f2c11',
  base: 'https://fhir.allergypath.example/id/',
  files: 'https://files.allergypath.example/action-plans/',
};
