import {
  type DocumentPair,
  type Flow,
  type KnownDocument,
  RefMap,
  readHalving,
  SluiceError,
  type Target,
} from '../../core/index.ts';
import { type ExpectedDocument, type Judged, judgeDocument } from '../../reconcile/index.ts';
import { expectAt, groupedBy } from './expect-at.ts';
import type { ReconcileParts } from './parts.ts';

export interface LookedAtDocument {
  readonly target: string;
  readonly id: string;
  readonly root: string;
  readonly judged: Judged;
}

/** What a look at some roots of a flow has come to. */
export interface LookedAt {
  readonly flow: Flow;
  /** compared under the alignment rule */
  readonly documents: readonly LookedAtDocument[];
  /** roots of which something is on its way: to be looked at again */
  readonly hot: ReadonlySet<string>;
  /** roots no rule can map, with the reason */
  readonly unmappable: readonly string[];
  /** roots that were looked at and are not among those */
  readonly mapped: readonly string[];
  /**
   * the roots of documents of which nothing can be said, once for each: parked, waiting, refused where they are read, or
   * their target is not read here or not now
   */
  readonly unverified: readonly string[];
  /** of those, roots whose target could not be read now, with why: looking again may say more */
  readonly unread: ReadonlyMap<string, SluiceError>;
  /** of those, what waits for something else; and rows that compared roots hold back */
  readonly waiting: readonly string[];
  /** the roots of compared documents that tell of a refusal */
  readonly refused: readonly string[];
}

/** Kinds of targets that cannot be read now, with why: one that has failed is not asked again by who hands this on. */
export type Away = Map<Target['kind'], SluiceError>;

interface Prepared {
  readonly expected: readonly ExpectedDocument[];
  readonly pairs: RefMap<DocumentPair>;
  readonly hot: Set<string>;
  readonly unmappable: string[];
  readonly mapped: string[];
  readonly unverified: string[];
  readonly unread: Map<string, SluiceError>;
  readonly waiting: string[];
}

/**
 * Compares all documents of some roots with their targets. Sound without waiting for anybody: landed rows, marks and
 * tables are read at one moment, in which a root without a mark has what its rows make; a remote target is read between
 * two moments in both of which the document has the same revision and is not on its way. A target that is away leaves its
 * documents unverified, and the others are compared.
 */
export async function lookAtRoots(
  parts: ReconcileParts,
  flow: Flow,
  roots: readonly string[],
  away: Away = new Map(),
): Promise<LookedAt> {
  const prepared = await prepare(parts, flow, roots, away);
  await readRemote(parts, flow, prepared, away);
  const aligned = prepared.expected.filter(({ root }) => !prepared.hot.has(root));
  const there = aligned.filter((one) => prepared.pairs.has(refOf(one)));
  const seen = await parts.store.seen(there.map(refOf));
  const documents = there.map((one) => ({
    ...refOf(one),
    root: one.root,
    judged: judge(one, prepared.pairs.get(refOf(one)) as DocumentPair, seen),
  }));
  const { hot, unmappable, mapped, unread, waiting } = prepared;
  // nothing was answered of these: their target is away, or refuses what is asked of it
  const unpaired = aligned.filter((one) => !prepared.pairs.has(refOf(one)));
  const unverified = [...prepared.unverified, ...unpaired.map(({ root }) => root)];
  const refused = there
    .filter(({ target }) => target.kind === 'postgres' && target.refusals === true)
    .map(({ root }) => root);
  const settled = mapped.filter((root) => !hot.has(root));
  return { flow, documents, hot, unmappable, mapped: settled, unverified, unread, waiting, refused };
}

const refOf = ({ target, id }: ExpectedDocument) => ({ target: target.name, id });

function judge(one: ExpectedDocument, pair: DocumentPair, seen: ReadonlyMap<string, readonly string[]>): Judged {
  if (one.content === null) {
    const kinds =
      pair.actual === null ? [] : [{ kind: 'extra' as const, differences: [{ path: '', class: 'extra' as const }] }];
    return { kinds, fields: 1, mismatched: kinds.length, hash: null, fault: null };
  }
  return judgeDocument(pair, one.known, seen.get(`${one.target.name}\u001f${one.id}`) ?? [], {
    unordered: one.unordered,
    nullIsAbsent: one.target.kind === 'fhir',
    bearsRevision: one.target.kind !== 'postgres',
  });
}

function prepare(
  { reading, readers }: ReconcileParts,
  flow: Flow,
  roots: readonly string[],
  away: Away,
): Promise<Prepared> {
  return reading.moment(async (moment) => {
    const { made, heldBack, ...states } = await expectAt(moment, flow, roots);
    const unread = new Map<string, SluiceError>();
    const prepared = { ...states, hot: new Set(states.hot), unverified: [...states.unmappable], unread };
    const pending = await moment.pending(flow, roots);
    const expected: ExpectedDocument[] = [];
    for (const one of made) {
      const state = pending.get(`${one.target.name}\u001f${one.id}`);
      // nothing is said of a target that is not read, so what waits for it is no reason to look again
      const isRead = one.target.kind === 'postgres' || readers.has(one.target.kind);
      const why = isRead ? away.get(one.target.kind) : undefined;
      if (isRead && !why && state === 'sending') prepared.hot.add(one.root);
      else if (state === 'waiting') prepared.waiting.push(one.root);
      else if (!isRead || why || state === 'parked') prepared.unverified.push(one.root);
      else expected.push(one);
      if (why) unread.set(one.root, why);
    }
    const pairs = new RefMap<DocumentPair>();
    for (const [target, some] of byTarget(expected)) {
      if (target.kind !== 'postgres') continue;
      for (const pair of await moment.pairs(target, some.map(wantedOf)))
        pairs.set({ target: target.name, id: pair.id }, pair);
    }
    prepared.unverified.push(...prepared.waiting);
    prepared.waiting.push(...heldBack);
    return { ...prepared, expected, pairs };
  });
}

const wantedOf = ({ id, content }: ExpectedDocument) => ({ id, content: content ?? {} });

const byTarget = (expected: readonly ExpectedDocument[]): Map<Target, ExpectedDocument[]> =>
  groupedBy(expected, ({ target }) => target);

/** What is not the same before and after is on its way: its root is hot. */
async function readRemote(parts: ReconcileParts, flow: Flow, prepared: Prepared, away: Away): Promise<void> {
  const { reading } = parts;
  const remote = prepared.expected.filter(({ target, root }) => target.kind !== 'postgres' && !prepared.hot.has(root));
  if (remote.length === 0) return;
  for (const [target, some] of byTarget(remote)) {
    const why = away.get(target.kind) ?? (await readTarget(parts, target, some, prepared.pairs));
    if (why === null) continue;
    away.set(target.kind, why);
    for (const { root } of some) prepared.unread.set(root, why);
  }
  const roots = [...new Set(remote.map(({ root }) => root))];
  await reading.moment(async (moment) => {
    const marked = await moment.unsettled(flow, roots);
    const pending = await moment.pending(flow, roots);
    const now = new RefMap<KnownDocument>();
    for (const one of await moment.documentsById(remote.map(refOf))) now.set(one, one);
    for (const one of remote) {
      const isSame = now.get(refOf(one))?.revision === one.known?.revision;
      if (!isSame || marked.has(one.root) || pending.has(`${one.target.name}\u001f${one.id}`))
        prepared.hot.add(one.root);
    }
  });
}

/** Reads what it can of a target; answers why it could not, or null. What it refuses for good is left out alone. */
async function readTarget(
  { readers }: ReconcileParts,
  target: Target,
  some: readonly ExpectedDocument[],
  pairs: RefMap<DocumentPair>,
): Promise<SluiceError | null> {
  const reader = readers.get(target.kind);
  if (!reader) return null;
  try {
    const found = await readHalving(some.map(wantedOf), (few) => reader.pairs(target, few), isRefusal);
    for (const pair of found) pairs.set({ target: target.name, id: pair.id }, pair);
    return null;
  } catch (error) {
    if (error instanceof SluiceError) return error;
    throw error;
  }
}

const isRefusal = (error: unknown): boolean => error instanceof SluiceError && error.disposition === 'park';
