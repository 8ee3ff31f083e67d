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
  const there = new Set(ids);
  const observation = (id: string, kinds: Observation['kinds']): Observation => ({
    flow,
    target: target.name,
    id,
    root: '',
    kinds,
    hash: null,
    about: ['extra'],
  });
  const open = await store.list({
    kind: 'extra',
    states: ['suspect', 'confirmed', 'repaired', 'accepted'],
    limit: 100_000,
  });
  const gone = open.filter(({ target: name, root, key }) => name === target.name && root === '' && !there.has(key));
  return {
    observations: [...ids.map((id) => observation(id, EXTRA)), ...gone.map(({ key }) => observation(key, []))],
    expected,
    actual,
  };
}
