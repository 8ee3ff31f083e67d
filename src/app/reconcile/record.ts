import { type DocumentRef, type FindingState, opaqueKey } from '../../core/index.ts';
import { type Look, nextState } from '../../reconcile/index.ts';
import type { FindingStore, NewFinding } from '../../sinks/postgres/index.ts';
import { lookAtHistories } from './history.ts';
import type { LookedAt } from './look.ts';
import type { Observation } from './observation.ts';
import type { ReconcileParts } from './parts.ts';

/** What a recording did to the findings. */
export interface Recorded {
  /** observations with a finding that is suspected only */
  readonly suspects: readonly Observation[];
  readonly confirmed: number;
  readonly states: ReadonlyMap<FindingState, number>;
}

/** Takes what was seen over into the findings, each of which goes on as `nextState` says. */
export async function recordObservations(
  { store, log }: Pick<ReconcileParts, 'store' | 'log'>,
  observations: readonly Observation[],
  engine: string,
): Promise<Recorded> {
  const open = await openBy(store, observations);
  const added: NewFinding[] = [];
  const moved: Parameters<FindingStore['move']>[0][number][] = [];
  const suspects = new Set<Observation>();
  const states = new Map<FindingState, number>();
  const count = (state: FindingState): void => void states.set(state, (states.get(state) ?? 0) + 1);
  for (const observation of observations) {
    const { flow, target, id: key, root, kinds, hash, about } = observation;
    const findings = open.get(nameOf(observation)) ?? [];
    for (const { kind, differences } of kinds) {
      if (findings.some((finding) => finding.kind === kind)) continue;
      added.push({ flow, target, key, root, kind, differences, hash, engine });
      suspects.add(observation);
      count('suspect');
    }
    for (const { id, kind, state, repairs, hash: before } of findings) {
      if (about && !about.includes(kind)) continue;
      const seen = kinds.find((one) => one.kind === kind);
      const look: Look = !seen ? 'not seen' : hash === before ? 'seen, as accepted' : 'seen';
      const next = nextState(state, look, repairs > 0);
      if (next === null) continue;
      if (next === 'suspect') suspects.add(observation);
      moved.push({
        id,
        state: next,
        seen: seen && next !== 'accepted' ? { differences: seen.differences, hash } : null,
      });
      if (next === state) continue;
      count(next);
      if (next === 'confirmed') log.warn('finding confirmed', { flow, target, code: kind, keyHash: opaqueKey(key) });
    }
  }
  await store.add(added);
  await store.move(moved);
  return { suspects: [...suspects], confirmed: states.get('confirmed') ?? 0, states };
}

const nameOf = ({ target, id }: DocumentRef): string => `${target}\u001f${id}`;

async function openBy(store: FindingStore, refs: readonly DocumentRef[]) {
  const open = new Map<string, Awaited<ReturnType<FindingStore['openOf']>>[number][]>();
  for (const finding of await store.openOf(refs)) {
    const name = nameOf({ target: finding.target, id: finding.key });
    open.set(name, [...(open.get(name) ?? []), finding]);
  }
  return open;
}

/** What stands for a root that no rule can map. */
const rootTarget = (flow: string): string => `root:${flow}`;

/** Takes over a look at roots. What was right is remembered, so that it is known again when it comes back. */
export async function recordLook(
  parts: ReconcileParts,
  { flow, documents, mapped, unmappable }: LookedAt,
  engine: string,
) {
  for (const store of new Set(flow.targets.map(({ kind }) => kind))) {
    const own = new Set(flow.targets.filter(({ kind }) => kind === store).map(({ name }) => name));
    parts.onCompared?.(engine, flow.name, store, documents.filter(({ target }) => own.has(target)).length);
  }
  const observations: Observation[] = documents.map(({ target, id, root, judged }) => ({
    flow: flow.name,
    target,
    id,
    root,
    kinds: judged.kinds,
    hash: judged.fault,
  }));
  const ofRoot = (root: string, kinds: Observation['kinds']): Observation => ({
    flow: flow.name,
    target: rootTarget(flow.name),
    id: root,
    root,
    kinds,
    hash: null,
  });
  for (const root of unmappable) observations.push(ofRoot(root, [{ kind: 'unmappable', differences: [] }]));
  for (const root of mapped) observations.push(ofRoot(root, []));
  observations.push(...(await lookAtHistories(parts, flow.name, documents)));
  const recorded = await recordObservations(parts, observations, engine);
  await parts.store.saw(
    documents.flatMap(({ target, id, judged: { kinds, hash } }) =>
      kinds.length === 0 && hash !== null ? [{ target, id, hash }] : [],
    ),
  );
  return recorded;
}
