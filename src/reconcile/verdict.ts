import {
  contentHash,
  type Difference,
  type DocumentPair,
  type FindingKind,
  type KnownDocument,
} from '../core/index.ts';
import { asSet, type CompareOptions, compareDocuments } from './compare.ts';

export interface Judged {
  readonly kinds: readonly { readonly kind: FindingKind; readonly differences: readonly Difference[] }[];
  readonly fields: number;
  readonly mismatched: number;
  /** of what the target holds; null when it holds nothing */
  readonly hash: string | null;
  /** of both contents that differ, which is what is accepted when a finding is; null: its acceptance is of the key */
  readonly fault: string | null;
}

const WHOLE: readonly Difference[] = [{ path: '', class: 'missing' }];

/**
 * What is wrong with one document. A difference is `stale` when the target shows an older revision of ours, or what it
 * was once seen to hold; it is a `rogue` write, besides, when the target shows that somebody else wrote it.
 *
 * @param earlier hashes of what the document was seen to hold, as `hash` gives them
 */
export function judgeDocument(
  pair: DocumentPair,
  known: KnownDocument | undefined,
  earlier: readonly string[],
  options: CompareOptions & { readonly bearsRevision: boolean },
): Judged {
  const { expected, actual } = pair;
  if (actual === null) {
    const { fields } = compareDocuments(expected, {}, options);
    return { kinds: [{ kind: 'missing', differences: WHOLE }], fields, mismatched: fields, hash: null, fault: null };
  }
  const { differences, fields, mismatched } = compareDocuments(expected, actual.content, options);
  const hash = contentHash(asSet(actual.content, options));
  const isOurs = !options.bearsRevision || (actual.revision !== null && (!known || actual.revision <= known.revision));
  const kinds: { kind: FindingKind; differences: readonly Difference[] }[] = [];
  if (differences.length > 0) {
    const isOlder = options.bearsRevision && actual.revision !== null && known && actual.revision < known.revision;
    kinds.push({ kind: isOlder || earlier.includes(hash) ? 'stale' : 'value', differences });
  }
  if (!isOurs || (differences.length > 0 && actual.foreign === true)) kinds.push({ kind: 'rogue', differences });
  const fault = kinds.length === 0 ? null : contentHash([asSet(expected, options), hash]);
  return { kinds, fields, mismatched, hash, fault };
}
