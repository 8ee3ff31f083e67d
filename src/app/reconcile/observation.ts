import type { Difference, DocumentRef, FindingKind } from '../../core/index.ts';

/** What an aligned look says of one thing, whole: kinds that are not named are not seen. */
export interface Observation extends DocumentRef {
  readonly flow: string;
  readonly root: string;
  readonly kinds: readonly { readonly kind: FindingKind; readonly differences: readonly Difference[] }[];
  readonly hash: string | null;
  /** kinds this look could have seen; all unless told */
  readonly about?: readonly FindingKind[];
}
