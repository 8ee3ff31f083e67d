/** What a deployment sets. Changing either changes the identity of everything, so it is done before the first run only. */
export interface SupabaseConfig {
  /** namespace of all name-based UUIDs */
  readonly namespace: string;
  /** base of our identifier systems, ending in `id/` */
  readonly base: string;
}

export const DEFAULTS: SupabaseConfig = {
  namespace: '6f1d6a52-5f0e-5d0c-9c3a-7a1f6f0f2c11',
  base: 'https://fhir.allergypath.example/id/',
};
