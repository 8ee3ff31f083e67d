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
        ...{ kinds: judged.kinds, hash: judged.hash, about: ['missing', 'extra', 'value'] },
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

/** Subjects of entries that tell of no document on record. */
export async function strangeSubjects({ history, reading }: ReconcileParts, most: number): Promise<readonly string[]> {
  const strange = new Set<string>();
  if (history === null) return [];
  for await (const page of history.subjects()) {
    const items = page.map((subject) => ({ subject, item: history.rules.itemOf(subject) }));
    for (const { subject, item } of items) if (item === null) strange.add(subject);
    for (const { name } of history.rules.tellsOf) {
      const own = items.filter((one): one is { subject: string; item: DocumentRef } => one.item?.target === name);
      const recorded = await reading.recorded(
        name,
        own.map(({ item }) => item.id),
      );
      for (const { subject, item } of own) if (!recorded.has(item.id)) strange.add(subject);
    }
    if (strange.size >= most) break;
  }
  return [...strange].slice(0, most);
}
