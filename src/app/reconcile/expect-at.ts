import { type Flow, type KnownDocument, type LedgerMoment, type NumberRef, RefMap } from '../../core/index.ts';
import { type ExpectedDocument, expectDocuments, expectRoot } from '../../reconcile/index.ts';

/** What some roots should have, as of one moment. */
export interface ExpectedAt {
  /** of the roots in `mapped` */
  readonly made: readonly ExpectedDocument[];
  /** roots with a mark: they are to be derived again */
  readonly hot: ReadonlySet<string>;
  /** roots no rule can map */
  readonly unmappable: string[];
  readonly mapped: string[];
  /** roots that wait for something else */
  readonly waiting: string[];
  /** the root of each row that a mapped root holds back */
  readonly heldBack: string[];
}

/** Derives roots anew from the landed rows of a moment. */
export async function expectAt(moment: LedgerMoment, flow: Flow, roots: readonly string[]): Promise<ExpectedAt> {
  const asOf = await moment.asOf();
  const unsettled = await moment.unsettled(flow, roots);
  const aggregates = await moment.aggregates(flow, roots);
  const table = 'table' in flow.root ? flow.root.table : null;
  const changes = flow.history && table ? await moment.rendered(table, roots) : new Map();
  const hot = new Set<string>();
  const [unmappable, mapped, waiting, heldBack]: [string[], string[], string[], string[]] = [[], [], [], []];
  const made = new Map<string, Extract<ReturnType<typeof expectRoot>, { kind: 'documents' }>['documents']>();
  for (const root of roots) {
    const why = unsettled.get(root);
    const aggregate = aggregates.get(root);
    if (why === 'marked') hot.add(root);
    else if (why === 'parked') unmappable.push(root);
    else if (why === 'waiting') waiting.push(root);
    else if (aggregate) {
      const expected = expectRoot(flow, aggregate, changes.get(root) ?? [], asOf);
      if (expected.kind === 'documents') {
        made.set(root, expected.documents);
        mapped.push(root);
        for (let i = 0; i < expected.heldBack; i++) heldBack.push(root);
      } else if (expected.kind === 'unmappable') unmappable.push(root);
      else waiting.push(root);
    }
  }
  const documents = [...made.values()].flat();
  const numbers = await moment.numbersOf(
    documents.flatMap((document): NumberRef[] => Object.values(document.numbers ?? {})),
  );
  const known = new RefMap<KnownDocument>();
  for (const one of await moment.documentsOf(flow, [...made.keys()])) known.set(one, one);
  for (const one of await moment.documentsById(documents.filter((document) => !known.has(document))))
    known.set(one, one);
  const byRoot = groupedBy(known.values(), ({ root }) => root);
  const expected = [...made].flatMap(([root, wanted]) => {
    const others = wanted.flatMap((document) => known.get(document) ?? []);
    const records = [...new Set([...(byRoot.get(root) ?? []), ...others])];
    return expectDocuments(flow, root, wanted, records, numbers);
  });
  return { made: expected, hot, unmappable, mapped, waiting, heldBack };
}

export function groupedBy<T, K>(values: readonly T[], keyOf: (value: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const value of values) {
    const group = groups.get(keyOf(value));
    if (group) group.push(value);
    else groups.set(keyOf(value), [value]);
  }
  return groups;
}
