import type { DocumentRef, DynamoDbTarget, HistoryReader, SeenHistory, StoredItem } from '../../core/index.ts';
import { judgeHistory } from '../../reconcile/index.ts';
import type { LookedAtDocument } from './look.ts';
import type { Observation } from './observation.ts';
import type { ReconcileParts } from './parts.ts';

/** items read in one request; so old at most is an item when its entries are read */
const ITEMS = 40;
const PARALLEL = 8;

/**
 * Holds the histories of documents that were seen to be right against them. An item and the entry of its write come in
 * one transaction: where the item has one revision before and after its entries are read, they belong together.
 */
export async function lookAtHistories(
  { history, histories }: ReconcileParts,
  flow: string,
  documents: readonly LookedAtDocument[],
): Promise<readonly Observation[]> {
  if (history === null) return [];
  const observations: Observation[] = [];
  for (const target of history.rules.tellsOf) {
    const some = documents.filter((one) => one.target === target.name && one.judged.kinds.length === 0);
    const remember = new Map<string, SeenHistory>();
    const seen = await histories.seen(history.rules.target.name, some.map(history.rules.subjectOf));
    for (const look of await lookAtAll(history, target, some, seen)) {
      const { subject, root, judged } = look;
      if (judged.remember) remember.set(subject, judged.remember);
      observations.push({
        ...{ flow, target: history.rules.target.name, id: subject, root },
        ...{ kinds: judged.kinds, hash: judged.fault, about: ['missing', 'extra', 'value'] },
      });
    }
    await histories.saw(history.rules.target.name, remember);
  }
  return observations;
}

/** Those whose item and entries belong together. */
async function lookAtAll(
  history: HistoryReader,
  target: DynamoDbTarget,
  documents: readonly LookedAtDocument[],
  seen: ReadonlyMap<string, SeenHistory>,
) {
  const looks: NonNullable<Awaited<ReturnType<typeof lookAtOne>>>[] = [];
  for (let from = 0; from < documents.length; from += ITEMS) {
    const some = documents.slice(from, from + ITEMS);
    const items = await history.items(
      target,
      some.map(({ id }) => id),
    );
    for (let i = 0; i < some.length; i += PARALLEL) {
      const asked = some.slice(i, i + PARALLEL).map((one) => lookAtOne(history, target, one, items.get(one.id), seen));
      for (const look of await Promise.all(asked)) if (look !== null) looks.push(look);
    }
  }
  return looks;
}

async function lookAtOne(
  history: HistoryReader,
  target: DynamoDbTarget,
  { id, root, target: name }: LookedAtDocument,
  before: StoredItem | undefined,
  seen: ReadonlyMap<string, SeenHistory>,
) {
  const subject = history.rules.subjectOf({ target: name, id });
  if (!before?.item) return null;
  const judged = judgeHistory(await history.entries(subject), before.item, seen.get(subject), history.rules);
  if (judged.kinds.length === 0) return { subject, root, judged };
  const after = (await history.items(target, [id])).get(id);
  return after?.item && after.revision === before.revision ? { subject, root, judged } : null;
}

/**
 * Subjects of entries that tell of no document on record: those of `known` that are still such, and at most so many
 * others.
 */
export async function strangeSubjects(
  parts: ReconcileParts,
  most: number,
  known: readonly string[],
): Promise<readonly string[]> {
  const { history } = parts;
  if (history === null) return [];
  const isKnown = new Set(known);
  const [there, others] = [new Set<string>(), new Set<string>()];
  for await (const page of history.subjects()) {
    const recorded = await subjectsOnRecord(parts, history, page);
    for (const subject of page) if (!recorded.has(subject)) (isKnown.has(subject) ? there : others).add(subject);
    // not all has been read: what is known has to be asked for
    if (others.size >= most) return [...(await stillStrange(parts, known)), ...[...others].slice(0, most)];
  }
  return [...there, ...others];
}

/** Those of some strange subjects that still have entries, and no document on record. */
export async function stillStrange(parts: ReconcileParts, subjects: readonly string[]): Promise<readonly string[]> {
  const { history } = parts;
  if (history === null) return [];
  const recorded = await subjectsOnRecord(parts, history, subjects);
  const strange: string[] = [];
  for (let i = 0; i < subjects.length; i += PARALLEL)
    await Promise.all(
      subjects.slice(i, i + PARALLEL).map(async (subject) => {
        if (!recorded.has(subject) && (await history.entries(subject)).length > 0) strange.push(subject);
      }),
    );
  return strange;
}

/** Those of some subjects that tell of a document on record. */
async function subjectsOnRecord(
  { reading }: ReconcileParts,
  { rules }: HistoryReader,
  subjects: readonly string[],
): Promise<ReadonlySet<string>> {
  const items = subjects.map((subject) => ({ subject, item: rules.itemOf(subject) }));
  const found = new Set<string>();
  for (const { name } of rules.tellsOf) {
    const own = items.filter((one): one is { subject: string; item: DocumentRef } => one.item?.target === name);
    const ids = own.map(({ item }) => item.id);
    const recorded = await reading.recorded(name, ids);
    for (const { subject, item } of own) if (recorded.has(item.id)) found.add(subject);
  }
  return found;
}
