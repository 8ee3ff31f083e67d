import type { Flow, Target } from '../../core/index.ts';
import { strangeSubjects } from './history.ts';
import type { Observation } from './observation.ts';
import type { ReconcileParts } from './parts.ts';

const MOST = 1_000;
const EXTRA = [{ kind: 'extra' as const, differences: [{ path: '', class: 'extra' as const }] }];

export interface Strangers {
  readonly observations: readonly Observation[];
  /** documents on record and documents the target holds, at one moment where it is a table; null: it cannot be listed */
  readonly expected: number | null;
  readonly actual: number | null;
}

const isHistory = ({ history }: ReconcileParts, { name }: Target): boolean => history?.rules.target.name === name;

/** Targets of a flow of which it can be said what nobody expects: those of state, and the history of its writes. */
export function listedTargets(parts: ReconcileParts, { targets }: Flow): readonly Target[] {
  const { history } = parts;
  const isTold = history?.rules.tellsOf.some(({ name }) => targets.some((target) => target.name === name));
  return [...targets.filter(({ mode }) => mode === 'state'), ...(history && isTold ? [history.rules.target] : [])];
}

/** What a state target holds and nothing expects, wherever its key lies: every row is read, the first and the last too. */
export async function findStrangers(parts: ReconcileParts, flow: string, target: Target): Promise<Strangers> {
  const { reading, readers, store } = parts;
  let ids: readonly string[];
  let [expected, actual]: [number | null, number | null] = [null, null];
  if (isHistory(parts, target)) ids = await strangeSubjects(parts, MOST);
  else if (target.kind === 'postgres') {
    const found = await reading.moment(async (moment) => ({
      ids: await moment.unexpected(target, MOST),
      counts: await moment.counts(target),
    }));
    ids = found.ids;
    ({ expected, actual } = found.counts);
  } else {
    const pages = readers.get(target.kind)?.ids(target);
    if (!pages) return { observations: [], expected, actual };
    const strangers: string[] = [];
    let held = 0;
    for await (const page of pages) {
      // a document is on record before it is sent
      const recorded = await reading.recorded(target.name, page);
      strangers.push(...page.filter((id) => !recorded.has(id)));
      held += page.length;
    }
    // a server lists what bears our tag, which resources of another origin under our ids may not
    if (target.kind !== 'fhir') [expected, actual] = [await reading.documentCount(target.name), held];
    ids = strangers.slice(0, MOST);
  }
  // beyond so many nothing is said: neither that they are there nor that they are gone
  const isCut = ids.length >= MOST;
  const there = new Set(ids);
  const open = await store.list({
    kind: 'extra',
    states: ['suspect', 'confirmed', 'repaired', 'accepted'],
    limit: 100_000,
  });
  const gone = open.filter(({ target: name, root, key }) => name === target.name && root === '' && !there.has(key));
  return {
    observations: [
      ...ids.map((id) => observation(flow, target, id, EXTRA)),
      ...(isCut ? [] : gone.map(({ key }) => observation(flow, target, key, []))),
    ],
    expected,
    actual,
  };
}

/**
 * Whether what was found extra is still there and still nobody's: of another server by its ids alone, for to list all it
 * holds once more each second would be a load of its own.
 */
export async function recheckStrangers(
  parts: ReconcileParts,
  flow: string,
  target: Target,
  ids: readonly string[],
): Promise<readonly Observation[]> {
  const reader = isHistory(parts, target) ? undefined : parts.readers.get(target.kind);
  if (!reader) return (await findStrangers(parts, flow, target)).observations;
  const recorded = await parts.reading.recorded(target.name, ids);
  const pairs = await reader.pairs(
    target,
    ids.map((id) => ({ id, content: {} })),
  );
  return pairs.map(({ id, actual }) =>
    observation(flow, target, id, actual !== null && !recorded.has(id) ? EXTRA : []),
  );
}

const observation = (flow: string, { name }: Target, id: string, kinds: Observation['kinds']): Observation => ({
  flow,
  target: name,
  id,
  root: '',
  kinds,
  hash: null,
  about: ['extra'],
});
