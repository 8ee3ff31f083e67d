import {
  type Aggregate,
  CLEARED_HASH,
  contentHash,
  type Derivation,
  type DerivingTransaction,
  type Document,
  type DocumentRef,
  type DocumentWrite,
  type DualWriteSwitch,
  type Flow,
  type KnownDocument,
  type LockedRoot,
  type Mark,
  type RecordedChange,
  RefMap,
  type RootVerdict,
} from '../core/index.ts';
import { fillNumbers } from './fill-numbers.ts';
import { needsOfSwitch } from './switched-off.ts';
import { parkedVerdict, verdict } from './verdicts.ts';

export interface DerivedBatch {
  readonly roots: number;
  readonly written: number;
  readonly verdicts: readonly RootVerdict[];
  readonly sourceTimes: readonly string[];
  /** of those derived, see `LockedRoot` */
  readonly waitedSeconds: readonly number[];
}

interface RootResult {
  readonly locked: LockedRoot;
  derivation: Derivation;
  readonly history: readonly Document[];
  readonly changes: readonly RecordedChange[];
  verdict: RootVerdict;
}

/** What is known before anything is read, and who says what is held back. */
export interface Given {
  readonly aggregates?: ReadonlyMap<string, Aggregate>;
  /** roots that have never been derived, and so own nothing */
  readonly fresh?: ReadonlySet<string>;
  readonly switches?: DualWriteSwitch | undefined;
}

const EMPTY: Derivation = { documents: [], issues: [] };
const NONE: ReadonlySet<string> = new Set();

/**
 * Derives locked roots and writes what changed, all in the given transaction. A root whose rule fails is parked and
 * the others go on; a target that refuses a row fails the whole transaction (see `Deriver`).
 */
export async function deriveLocked(
  tx: DerivingTransaction,
  flow: Flow,
  locked: readonly LockedRoot[],
  given: Given = {},
): Promise<DerivedBatch> {
  const keys = locked.map((root) => root.key);
  const aggregates = given.aggregates ?? (await tx.aggregates(flow, keys));
  const table = 'table' in flow.root ? flow.root.table : null;
  const changes = flow.history && table ? await tx.pendingChanges(table, keys) : new Map<string, RecordedChange[]>();
  const asOf = await tx.asOf(flow);
  const results = locked.map((root) => run(flow, root, aggregates.get(root.key), changes.get(root.key) ?? [], asOf));
  await holdBackWhatIsSwitchedOff(flow, results, aggregates, given.switches);
  await holdBackUntilNeedsAreMet(tx, flow, results);
  const going = results.filter((result) => result.verdict.state === 'derived');
  const first = await tx.firstRevision();
  await fillNumbers(tx, going);
  const written = await writeChanged(tx, flow, going, given.fresh ?? NONE, first);
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
    results.map(({ verdict, locked: { sourceTime } }) => ({ ...verdict, sourceTime })),
  );
  await tx.mark(results.flatMap((result) => marksOfOthers(flow, result)));
  await tx.deleteMarks(locked.flatMap((root) => root.markIds));
  return {
    roots: locked.length,
    written: written + appended.length,
    verdicts: results.map((result) => result.verdict),
    sourceTimes: going.map((result) => result.locked.sourceTime),
    waitedSeconds: going.flatMap((result) => result.locked.waitedSeconds ?? []),
  };
}

/** What is appended stays: of two entries with one identity the first is the entry. */
function firstOfEach(writes: readonly DocumentWrite[]): readonly DocumentWrite[] {
  const seen = new RefMap<true>();
  return writes.filter(({ document }) => {
    const isNew = !seen.has(document);
    seen.set(document, true);
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

const marksOfOthers = (flow: Flow, { locked, derivation }: RootResult): Mark[] =>
  [...new Set(derivation.others ?? [])]
    .filter((key) => key !== locked.key)
    .map((key) => ({ flow: flow.name, part: '', key, sourceTime: locked.sourceTime }));

async function holdBackWhatIsSwitchedOff(
  flow: Flow,
  results: readonly RootResult[],
  aggregates: ReadonlyMap<string, Aggregate>,
  switches: DualWriteSwitch | undefined,
): Promise<void> {
  for (const result of switches && flow.switchedBy ? results : []) {
    if (result.verdict.state !== 'derived') continue;
    const needs = await needsOfSwitch(flow, aggregates.get(result.locked.key), switches);
    if (needs.length > 0) result.verdict = verdict(result.locked.key, result.derivation, 'waiting', needs);
  }
}

/**
 * A row that refers to a row of another root waits until that one is written: its table would refuse it. So does an item
 * that refers to one that may never be made. What goes to a FHIR server waits on its way only.
 */
async function holdBackUntilNeedsAreMet(tx: DerivingTransaction, flow: Flow, results: RootResult[]): Promise<void> {
  const local = new Set(flow.targets.filter((target) => target.kind !== 'fhir').map((target) => target.name));
  const needy = results
    .filter(({ verdict, derivation }) => verdict.state === 'derived' && derivation.documents.some((d) => d.needs))
    .map((result) => ({ result, needs: foreignNeeds(result.derivation.documents, local) }));
  const wanted = new RefMap<DocumentRef>();
  for (const { needs } of needy) for (const need of needs) wanted.set(need, need);
  if (wanted.size === 0) return;
  const there = new RefMap<KnownDocument>();
  for (const found of await tx.documentsById(wanted.values())) if (!found.gone) there.set(found, found);
  for (const { result, needs } of needy) {
    const missing = needs.filter((need) => !there.has(need));
    if (missing.length > 0) result.verdict = verdict(result.locked.key, result.derivation, 'waiting', missing);
  }
}

function foreignNeeds(documents: readonly Document[], local: ReadonlySet<string>): DocumentRef[] {
  const own = new RefMap<Document>();
  for (const document of documents) own.set(document, document);
  return documents
    .filter((document) => local.has(document.target))
    .flatMap((document) => document.needs ?? [])
    .filter((need) => !own.has(need));
}

const newWrite = (root: LockedRoot, document: Document, revision: bigint, hash: string): DocumentWrite => ({
  root: root.key,
  document,
  revision,
  hash,
  gone: false,
  sourceTime: root.sourceTime,
});

/** Writes what differs between what the roots should have and what the ledger says they have; answers how many. */
async function writeChanged(
  tx: DerivingTransaction,
  flow: Flow,
  results: readonly RootResult[],
  fresh: ReadonlySet<string>,
  first: bigint,
): Promise<number> {
  const old = results.filter(({ locked }) => !fresh.has(locked.key));
  const owned = await tx.documentsOf(
    flow,
    old.map(({ locked }) => locked.key),
  );
  const known = new RefMap<KnownDocument>();
  for (const document of owned) known.set(document, document);
  // a document can come over from another root
  const strangers = old.flatMap((result) => result.derivation.documents).filter((document) => !known.has(document));
  for (const document of await tx.documentsById(strangers)) known.set(document, document);
  const produced = new RefMap<true>();
  const writes: DocumentWrite[] = [];
  for (const { locked, derivation } of results) {
    for (const document of derivation.documents) {
      if (owned.length > 0) produced.set(document, true);
      const write = changed(locked, document, hashOf(document), known.get(document), first);
      if (write) writes.push(write);
    }
  }
  const byRoot = new Map(old.map((result) => [result.locked.key, result.locked]));
  for (const document of owned) {
    const locked = byRoot.get(document.root);
    if (!locked || produced.has(document)) continue;
    const write = (document.gone ? null : retired(flow, locked, document, first)) ?? again(locked, document, first);
    if (write) writes.push(write);
  }
  const refused = await tx.writeState(flow, writes);
  if (refused.length === 0) return writes.length;
  return writes.length - refused.length + (await takeOver(tx, flow, refused, first));
}

/**
 * Somebody had the document in between: a fresh root's are written unread, and a document that comes over can be given up
 * by the root it comes from at the same time. Who makes it now has it, above the revision that is there.
 */
async function takeOver(
  tx: DerivingTransaction,
  flow: Flow,
  refused: readonly DocumentWrite[],
  first: bigint,
): Promise<number> {
  const mine = refused.filter(({ gone }) => !gone);
  if (mine.length === 0) return 0;
  const known = new RefMap<KnownDocument>();
  for (const document of await tx.documentsById(mine.map(({ document }) => document))) known.set(document, document);
  const again = mine.map((write) => ({ ...write, revision: next(known.get(write.document), first) }));
  return again.length - (await tx.writeState(flow, again)).length;
}

/** null: it is there already. */
function changed(
  root: LockedRoot,
  document: Document,
  hash: string,
  before: KnownDocument | undefined,
  first: bigint,
): DocumentWrite | null {
  if (before && !before.gone && before.hash === hash && before.root === root.key) return null;
  return newWrite(root, document, next(before, first), hash);
}

/** Of two documents with one hash the one that is there stays. */
const hashOf = (document: Document): string => contentHash(document.basis ?? document.content);

const next = (before: KnownDocument | undefined, first: bigint): bigint => (before ? before.revision + 1n : first);

/** What a repair has cleared is sent once more as it was: nothing makes a remote document that is kept or retired. */
function again(root: LockedRoot, before: KnownDocument, first: bigint): DocumentWrite | null {
  const { target, id, content, gone, hash } = before;
  if (content === null || hash !== CLEARED_HASH) return null;
  return { ...newWrite(root, { target, id, content }, next(before, first), contentHash(content)), gone };
}

/** A row no longer produced is removed; a remote document stays in the form the flow gives it. */
function retired(flow: Flow, locked: LockedRoot, document: KnownDocument, first: bigint): DocumentWrite | null {
  const remote = document.content !== null;
  const content = remote ? (flow.retire?.(document.target, document.content) ?? null) : {};
  if (content === null) return null;
  const { target, id } = document;
  const write = newWrite(locked, { target, id, content }, next(document, first), contentHash(content));
  return { ...write, gone: true };
}
