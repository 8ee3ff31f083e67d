import {
  type Aggregate,
  type Document,
  type ErrorCode,
  type Flow,
  type JsonObject,
  type KnownDocument,
  type RecordedChange,
  RefMap,
  SluiceError,
  type Target,
} from '../core/index.ts';

/** What a root should have, or why that cannot be said. */
export type RootExpectation =
  | { readonly kind: 'documents'; readonly documents: readonly Document[]; readonly heldBack: number }
  | { readonly kind: 'waiting' }
  | { readonly kind: 'unmappable'; readonly code: ErrorCode };

/** Derives a root once more, entries of its history included: of two with one identity the first is the entry. Pure. */
export function expectRoot(
  flow: Flow,
  aggregate: Aggregate,
  changes: readonly RecordedChange[],
  asOf: string,
): RootExpectation {
  if ('table' in flow.root && aggregate.root === null) return { kind: 'documents', documents: [], heldBack: 0 };
  try {
    const derivation = flow.transform(aggregate, { asOf });
    if (derivation.waitingFor !== undefined) return { kind: 'waiting' };
    const documents = new RefMap<Document>();
    for (const document of derivation.documents) documents.set(document, document);
    for (const change of changes)
      for (const entry of flow.history?.(change) ?? []) if (!documents.has(entry)) documents.set(entry, entry);
    return { kind: 'documents', documents: documents.values(), heldBack: derivation.heldBack ?? 0 };
  } catch (error) {
    return { kind: 'unmappable', code: error instanceof SluiceError ? error.code : 'TRANSFORM_FAILED' };
  }
}

/** One document of a root as it should be at its target. */
export interface ExpectedDocument {
  readonly target: Target;
  readonly id: string;
  readonly root: string;
  /** null: it should not be there */
  readonly content: JsonObject | null;
  /** its lists are sets */
  readonly unordered: boolean;
  readonly known: KnownDocument | undefined;
}

const unit = (series: string, key: string): string => `${series}\u001f${key}`;

/**
 * What a settled root should have at its targets. A document the ledger gives to another root is that one's; one that is
 * no longer made is gone from a table, and stays in its last form elsewhere.
 */
export function expectDocuments(
  flow: Flow,
  root: string,
  documents: readonly Document[],
  known: readonly KnownDocument[],
  numbers: ReadonlyMap<string, number>,
): readonly ExpectedDocument[] {
  const targets = new Map(flow.targets.map((target) => [target.name, target]));
  const byRef = new RefMap<KnownDocument>();
  for (const one of known) byRef.set(one, one);
  const made = new RefMap<true>();
  const expected: ExpectedDocument[] = [];
  for (const document of documents) {
    made.set(document, true);
    const target = targets.get(document.target);
    const record = byRef.get(document);
    if (!target || (record && record.root !== root)) continue;
    const content = withNumbers(document, numbers);
    const unordered = target.kind === 'fhir' || document.basis !== undefined;
    // what was appended once stays as it was, whatever the rules say since
    const stands = target.mode === 'append' && record?.content ? record.content : content;
    expected.push({ target, id: document.id, root, content: stands, unordered, known: record });
  }
  for (const record of known) {
    const target = targets.get(record.target);
    if (!target || record.root !== root || made.has(record) || target.mode === 'append') continue;
    if (target.kind === 'postgres' && record.gone) continue;
    const unordered = target.kind !== 'postgres';
    expected.push({ target, id: record.id, root, content: record.content, unordered, known: record });
  }
  return expected;
}

/** Numbers stand for business keys; a key that was given none cannot have been written under one. */
function withNumbers({ content, numbers }: Document, given: ReadonlyMap<string, number>): JsonObject {
  if (!numbers) return content;
  const filled = Object.entries(numbers).map(([name, { series, key }]) => [name, given.get(unit(series, key)) ?? null]);
  return { ...content, ...Object.fromEntries(filled) };
}
