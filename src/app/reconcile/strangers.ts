import type { FindingState, Flow, Target } from '../../core/index.ts';
import { stillStrange, strangeSubjects } from './history.ts';
import type { Observation } from './observation.ts';
import type { ReconcileParts } from './parts.ts';

const MOST = 1_000;
const OPEN: readonly FindingState[] = ['suspect', 'confirmed', 'repaired', 'accepted'];
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

/**
 * What a state target holds and nothing expects, wherever its key lies: every row is read, the first and the last too. What
 * has a finding already, accepted or not, is told in any case; of others at most so many, and the next ones when these have
 * findings.
 */
export async function findStrangers(parts: ReconcileParts, flow: string, target: Target): Promise<Strangers> {
  const { reading, readers, store } = parts;
  const open = await store.list({ kind: 'extra', states: OPEN, limit: 100_000 });
  const known = [
    ...new Set(open.filter(({ target: name, root }) => name === target.name && root === '').map(({ key }) => key)),
  ];
  let ids: readonly string[];
  let [expected, actual]: [number | null, number | null] = [null, null];
  if (isHistory(parts, target)) ids = await strangeSubjects(parts, MOST, known);
  else if (target.kind === 'postgres') {
    const found = await reading.moment(async (moment) => ({
      ids: await moment.unexpected(target, MOST, known),
      counts: await moment.counts(target),
    }));
    ids = found.ids;
    ({ expected, actual } = found.counts);
  } else {
    const pages = readers.get(target.kind)?.ids(target);
    if (!pages) return { observations: [], expected, actual };
    const isKnown = new Set(known);
    const [there, others] = [new Set<string>(), new Set<string>()];
    let held = 0;
    for await (const page of pages) {
      // a document is on record before it is sent
      const recorded = await reading.recorded(target.name, page);
      for (const id of page) if (!recorded.has(id)) (isKnown.has(id) ? there : others).add(id);
      held += page.length;
    }
    // a server lists what bears our tag, which resources of another origin under our ids may not
    if (target.kind !== 'fhir') [expected, actual] = [await reading.documentCount(target.name), held];
    ids = [...there, ...[...others].slice(0, MOST)];
  }
  const there = new Set(ids);
  const gone = known.filter((id) => !there.has(id));
  return {
    observations: [
      ...ids.map((id) => observation(flow, target, id, EXTRA)),
      ...gone.map((id) => observation(flow, target, id, [])),
    ],
    expected,
    actual,
  };
}

/**
 * Whether what was found extra is still there and still nobody's: asked for by its ids alone, for to read all that a target
 * holds once more each second would be a load of its own.
 */
export async function recheckStrangers(
  parts: ReconcileParts,
  flow: string,
  target: Target,
  ids: readonly string[],
): Promise<readonly Observation[]> {
  const found = await stillThere(parts, target, ids);
  if (found === null) return [];
  const there = new Set(found);
  return ids.map((id) => observation(flow, target, id, there.has(id) ? EXTRA : []));
}

/** null: the target is not read, and nothing can be said. */
async function stillThere(
  parts: ReconcileParts,
  target: Target,
  ids: readonly string[],
): Promise<readonly string[] | null> {
  const { reading, readers } = parts;
  if (isHistory(parts, target)) return stillStrange(parts, ids);
  if (target.kind === 'postgres') return reading.moment((moment) => moment.stillUnexpected(target, ids));
  const reader = readers.get(target.kind);
  if (!reader) return null;
  const recorded = await reading.recorded(target.name, ids);
  const pairs = await reader.pairs(
    target,
    ids.map((id) => ({ id, content: {} })),
  );
  return pairs.filter(({ id, actual }) => actual !== null && !recorded.has(id)).map(({ id }) => id);
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
