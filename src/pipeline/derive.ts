import {
  type Aggregate,
  contentHash,
  type Derivation,
  type DerivingTransaction,
  type Document,
  type DocumentRef,
  type DocumentWrite,
  type Flow,
  type Json,
  type KnownDocument,
  type LockedRoot,
  type RecordedChange,
  type RootVerdict,
  SluiceError,
} from '../core/index.ts';

export interface DerivedBatch {
  readonly roots: number;
  readonly written: number;
  readonly verdicts: readonly RootVerdict[];
  readonly sourceTimes: readonly string[];
}

interface RootResult {
  readonly locked: LockedRoot;
  readonly derivation: Derivation;
  readonly history: readonly Document[];
  readonly changes: readonly RecordedChange[];
  verdict: RootVerdict;
}

const refKey = (ref: DocumentRef): string => `${ref.target}\u001f${ref.id}`;
const EMPTY: Derivation = { documents: [], issues: [] };

/**
 * Derives locked roots and writes what changed, all in the given transaction. A root whose rule fails is parked and
 * the others go on; a target that refuses a row fails the whole transaction (see `Deriver`).
 */
export async function deriveLocked(
  tx: DerivingTransaction,
  flow: Flow,
  locked: readonly LockedRoot[],
  given?: ReadonlyMap<string, Aggregate>,
): Promise<DerivedBatch> {
  const keys = locked.map((root) => root.key);
  const aggregates = given ?? (await tx.aggregates(flow, keys));
  const table = 'table' in flow.root ? flow.root.table : null;
  const changes = flow.history && table ? await tx.pendingChanges(table, keys) : new Map<string, RecordedChange[]>();
  const asOf = await tx.asOf();
  const results = locked.map((root) => run(flow, root, aggregates.get(root.key), changes.get(root.key) ?? [], asOf));
  await holdBackUntilNeedsAreMet(tx, flow, results);
  const going = results.filter((result) => result.verdict.state === 'derived');
  const writes = await stateWrites(tx, flow, going);
  await tx.writeState(flow, writes);
  const first = await tx.firstRevision();
  const appended = firstOfEach(
    going.flatMap((result) =>
      result.history.map((document) => newWrite(result.locked, document, first, hashOf(document))),
    ),
  );
  await tx.appendHistory(flow, appended);
  if (table)
    await tx.changesRendered(
      table,
      going.flatMap((result) => result.changes),
    );
  await tx.settle(
    flow,
    results.map((result) => result.verdict),
  );
  await tx.deleteMarks(locked.flatMap((root) => root.markIds));
  return {
    roots: locked.length,
    written: writes.length + appended.length,
    verdicts: results.map((result) => result.verdict),
    sourceTimes: going.map((result) => result.locked.sourceTime),
  };
}

/** What is appended stays: of two entries with one identity the first is the entry. */
function firstOfEach(writes: readonly DocumentWrite[]): readonly DocumentWrite[] {
  const seen = new Set<string>();
  return writes.filter(({ document }) => {
    const name = `${document.target}\u001f${document.id}`;
    const isNew = !seen.has(name);
    seen.add(name);
    return isNew;
  });
}

function run(
  flow: Flow,
  locked: LockedRoot,
  aggregate: Aggregate | undefined,
  changes: readonly RecordedChange[],
  asOf: string,
): RootResult {
  const base = { locked, changes };
  // A row of the root's table can be joined to before the root itself has landed: nothing is to be made of it yet. It may
  // land between the two reads, so changes seen by the second are left for the derivation that its own mark asks for.
  if (!aggregate || ('table' in flow.root && aggregate.root === null)) {
    return { locked, changes: [], derivation: EMPTY, history: [], verdict: verdict(locked.key, EMPTY, 'derived') };
  }
  try {
    const derivation = flow.transform(aggregate, { asOf });
    if (derivation.waitingFor !== undefined) {
      const needs = [{ target: `part:${derivation.waitingFor}`, id: '' }];
      return { ...base, derivation, history: [], verdict: verdict(locked.key, derivation, 'waiting', needs) };
    }
    const history = flow.history ? changes.flatMap((change) => flow.history?.(change) ?? []) : [];
    return { ...base, derivation, history, verdict: verdict(locked.key, derivation, 'derived') };
  } catch (error) {
    return { ...base, derivation: EMPTY, history: [], verdict: parkedVerdict(locked.key, error) };
  }
}

function verdict(
  root: string,
  derivation: Derivation,
  state: 'derived' | 'waiting',
  needs: readonly DocumentRef[] = [],
): RootVerdict {
  const wakeAt = derivation.wakeAt ?? null;
  return { root, issues: derivation.issues, wakeAt, state, needs, code: null, detail: null };
}

/** Why a root is parked, in words without a value of the row: only our own errors may speak. */
export function parkedVerdict(root: string, error: unknown): RootVerdict {
  const known = error instanceof SluiceError && error.disposition === 'park' ? error : null;
  const detail: Json = known
    ? { message: known.message, ...known.context }
    : { message: `the transformer threw ${error instanceof Error ? error.name : typeof error}` };
  return {
    root,
    issues: [],
    wakeAt: null,
    state: 'parked',
    needs: [],
    code: known?.code ?? 'TRANSFORM_FAILED',
    detail,
  };
}

/** A row that refers to a row of another root waits until that one is written: its table would refuse it. */
async function holdBackUntilNeedsAreMet(tx: DerivingTransaction, flow: Flow, results: RootResult[]): Promise<void> {
  const local = new Set(flow.targets.filter((target) => target.kind === 'postgres').map((target) => target.name));
  const wanted = new Map<string, DocumentRef>();
  const needsOf = (result: RootResult): DocumentRef[] => {
    const own = new Set(result.derivation.documents.map(refKey));
    return result.derivation.documents
      .filter((document) => local.has(document.target))
      .flatMap((document) => document.needs ?? [])
      .filter((need) => !own.has(refKey(need)));
  };
  for (const result of results) {
    if (result.verdict.state === 'derived') for (const need of needsOf(result)) wanted.set(refKey(need), need);
  }
  if (wanted.size === 0) return;
  const there = new Set((await tx.documentsById([...wanted.values()])).filter((d) => !d.gone).map(refKey));
  for (const result of results) {
    if (result.verdict.state !== 'derived') continue;
    const missing = needsOf(result).filter((need) => !there.has(refKey(need)));
    if (missing.length > 0) result.verdict = verdict(result.locked.key, result.derivation, 'waiting', missing);
  }
}

const newWrite = (root: LockedRoot, document: Document, revision: bigint, hash: Buffer): DocumentWrite => ({
  root: root.key,
  document,
  revision,
  hash,
  gone: false,
  sourceTime: root.sourceTime,
});

/** Compares what the roots should have with what the ledger says they have; only differences are written. */
async function stateWrites(
  tx: DerivingTransaction,
  flow: Flow,
  results: readonly RootResult[],
): Promise<DocumentWrite[]> {
  const owned = await tx.documentsOf(
    flow,
    results.map((result) => result.locked.key),
  );
  const known = new Map(owned.map((document) => [refKey(document), document]));
  // a document can come over from another root
  const strangers = results.flatMap((r) => r.derivation.documents).filter((document) => !known.has(refKey(document)));
  for (const document of await tx.documentsById(strangers)) known.set(refKey(document), document);
  const first = await tx.firstRevision();
  const writes: DocumentWrite[] = [];
  const produced = new Set<string>();
  for (const { locked, derivation } of results) {
    for (const document of derivation.documents) {
      produced.add(refKey(document));
      const hash = hashOf(document);
      const before = known.get(refKey(document));
      if (before && !before.gone && before.hash.equals(hash) && before.root === locked.key) continue;
      writes.push(newWrite(locked, document, next(before, first), hash));
    }
  }
  const byRoot = new Map(results.map((result) => [result.locked.key, result.locked]));
  for (const document of owned) {
    const locked = byRoot.get(document.root);
    if (!locked || document.gone || produced.has(refKey(document))) continue;
    const write = retired(flow, locked, document, first);
    if (write) writes.push(write);
  }
  return writes;
}

/** Of two documents with one hash the one that is there stays. */
const hashOf = (document: Document): Buffer => contentHash(document.basis ?? document.content);

const next = (before: KnownDocument | undefined, first: bigint): bigint => (before ? before.revision + 1n : first);

/** A row no longer produced is removed; a remote document stays in the form the flow gives it. */
function retired(flow: Flow, locked: LockedRoot, document: KnownDocument, first: bigint): DocumentWrite | null {
  const remote = document.content !== null;
  const content = remote ? (flow.retire?.(document.target, document.content) ?? null) : {};
  if (content === null) return null;
  const { target, id } = document;
  const write = newWrite(locked, { target, id, content }, next(document, first), contentHash(content));
  return { ...write, gone: true };
}
