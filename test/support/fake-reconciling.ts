import type { ReconcileParts } from '../../src/app/reconcile/parts.ts';
import {
  type DocumentPair,
  type Finding,
  type FindingState,
  type Flow,
  type Image,
  type JsonObject,
  type LandedState,
  type Migration,
  silentLog,
  type Target,
  type TargetReader,
  type WantedDocument,
} from '../../src/core/index.ts';
import type { MovedFinding, NewFinding } from '../../src/sinks/postgres/reconcile/findings.ts';

type Made = NewFinding & { id: string; state: FindingState; repairs: number };

/** Findings in memory. */
export class FakeFindings {
  readonly made: Made[] = [];
  readonly #open = (): Made[] => this.made.filter(({ state }) => !['vanished', 'reverified'].includes(state));

  /** `target key kind state` of those that are open */
  get told(): readonly string[] {
    return this.#open().map(({ target, key, kind, state }) => `${target} ${key} ${kind} ${state}`);
  }

  /** Adds one as it stands. */
  put(finding: Partial<Made> & { target: string; key: string }): void {
    const rest = { kind: 'extra', root: '', state: 'confirmed', differences: [], hash: null, engine: 'scan' } as const;
    this.made.push({ flow: 'a', repairs: 0, id: String(this.made.length), ...rest, ...finding });
  }

  openOf = async (refs: readonly { target: string; id: string }[]) =>
    this.#open().filter((one) => refs.some(({ target, id }) => one.target === target && one.key === id));
  add = async (findings: readonly NewFinding[]) => {
    for (const one of findings) this.put({ ...one, state: 'suspect' });
  };
  move = async (moved: readonly MovedFinding[]) => {
    for (const { id, state } of moved) for (const one of this.made) if (one.id === id) one.state = state;
  };
  list = async ({ kind, states }: { kind?: string; states?: readonly FindingState[] }) =>
    this.#open().filter(
      (one) => (!kind || one.kind === kind) && (!states || states.includes(one.state)),
    ) as unknown as readonly Finding[];
  unresolved = async () => {
    const flows = new Map<string, number>();
    for (const { flow, state } of this.#open())
      if (state === 'confirmed' || state === 'repaired') flows.set(flow, (flows.get(flow) ?? 0) + 1);
    return flows;
  };
  counts = async () => [];
  seen = async () => new Map<string, readonly string[]>();
  saw = async () => undefined;
}

/** A flow with a table `<name>.doc`, and a FHIR resource for each row where it has one. */
export const fakeFlow = (name: string, hasFhir = false): Flow => ({
  name,
  root: { table: `public.${name}` },
  parts: [],
  targets: [
    { kind: 'postgres', name: `${name}.doc`, key: ['id'], mode: 'state' },
    ...(hasFhir
      ? [{ kind: 'fhir' as const, name: `fhir.${name}`, resourceType: 'Basic', mode: 'state' as const }]
      : []),
  ],
  transform: ({ key }) => ({
    documents: [
      { target: `${name}.doc`, id: key, content: { id: key } },
      ...(hasFhir ? [{ target: `fhir.${name}`, id: key, content: { id: key } }] : []),
    ],
    issues: [],
  }),
});

export interface FakeWorld {
  readonly flows: readonly Flow[];
  /** keys of the roots, of every flow alike */
  readonly roots: readonly string[];
  /** what a table holds of what is wanted; all as it should be unless told */
  readonly pairs?: (target: Target, wanted: readonly WantedDocument[]) => readonly DocumentPair[];
  readonly fhir?: TargetReader;
  /** keys a table holds that no document accounts for */
  readonly unexpected?: readonly string[];
}

export const rightPair = ({ id, content }: WantedDocument): DocumentPair => ({
  id,
  expected: content,
  actual: { content, revision: 1n, foreign: null },
});

/** A ledger and a source in memory, between which nothing moves; `recorded` are the flows of each figure in its order. */
export function fakeReconciling(world: FakeWorld) {
  const { flows, roots, fhir } = world;
  const tables = flows.map(({ name }) => ({ name: `public.${name}`, key: ['id'], links: {} }));
  const migration = { name: 'm', tables, flows, targetSchemas: [] } as unknown as Migration;
  const findings = new FakeFindings();
  const recorded: string[] = [];
  const asked: { call: string; n: number }[] = [];
  let now = 0;
  const row = (key: string) => ({ key, image: { id: key } as Image });
  const landed = (key: string) =>
    ({
      ...row(key),
      deleted: false,
      links: {},
      position: { epoch: 1, phase: 1, a: 1n, b: 1n, txId: 1n, offset: 1n },
    }) as unknown as LandedState;
  const known = (flow: string, target: string, root: string) => ({
    ...{ target, id: root, flow, root, revision: 1n, hash: '', gone: false },
    content: { id: root } as JsonObject,
  });
  const moment = {
    asOf: async () => '2026-01-01T00:00:00Z',
    unsettled: async () => new Map(),
    aggregates: async (_: Flow, some: readonly string[]) =>
      new Map(some.map((key) => [key, { key, root: landed(key), parts: {} }])),
    numbersOf: async () => new Map(),
    pending: async () => new Map(),
    documentsOf: async (flow: Flow, some: readonly string[]) =>
      flow.targets.flatMap(({ name }) => some.map((root) => known(flow.name, name, root))),
    documentsById: async (refs: readonly { target: string; id: string }[]) =>
      refs.map(({ target, id }) => known(target, target, id)),
    pairs: async (target: Target, wanted: readonly WantedDocument[]) =>
      world.pairs?.(target, wanted) ?? wanted.map(rightPair),
    unexpected: async (_: Target, limit: number, is: readonly string[] = []) => {
      asked.push({ call: 'unexpected', n: is.length });
      const [there, others] = [new Set(world.unexpected), (world.unexpected ?? []).filter((id) => !is.includes(id))];
      return [...is.filter((id) => there.has(id)), ...others.slice(0, limit)];
    },
    stillUnexpected: async (_: Target, ids: readonly string[]) => {
      asked.push({ call: 'stillUnexpected', n: ids.length });
      return ids.filter((id) => world.unexpected?.includes(id));
    },
    counts: async () => {
      asked.push({ call: 'counts', n: 0 });
      return { expected: roots.length, actual: roots.length };
    },
  };
  const after = (key: string, limit: number) => roots.filter((one) => one > key).slice(0, limit);
  const parts = {
    log: silentLog,
    clock: {
      now: () => now,
      sleep: async (ms: number) => {
        now += ms;
      },
    },
    store: findings,
    readers: new Map(fhir ? [['fhir', fhir]] : []),
    history: null,
    slot: 'slot',
    reader: { confirmed: async () => 1n },
    probes: { offsets: async () => [] },
    source: {
      range: async () => ({ rows: roots.map(row), lsn: 1n, texts: new Set<string>() }),
      keysThere: async (_: unknown, keys: readonly string[]) => new Set(keys),
      byKeys: async (_: unknown, keys: readonly string[]) => ({
        rows: keys.map(row),
        lsn: 1n,
        texts: new Set<string>(),
      }),
    },
    reading: {
      moment: (work: (at: typeof moment) => unknown) => work(moment),
      roots: async (_: Flow, key: string, limit: number) => after(key, limit),
      alive: async (_: string, key: string, limit: number) => after(key, limit),
      landed: async (_: string, keys: readonly string[]) => new Map(keys.map((key) => [key, landed(key)])),
      parkedRows: async () => new Set<string>(),
      recorded: async (_: string, ids: readonly string[]) => new Set(ids.filter((id) => roots.includes(id))),
      documentCount: async () => roots.length,
    },
    open: {
      name: 'm',
      migration,
      ledger: { halts: async () => [] },
      admin: { partitions: async () => [] },
      pool: {
        query: async (text: string, values: unknown[][] = []) => {
          if (text.includes('insert into sluice.measurement')) {
            const [, of = [], figures = []] = values;
            recorded.push(...of.map((flow, i) => `${flow} ${figures[i]}`));
          }
          return { rows: [] };
        },
      },
    },
  };
  return { parts: parts as unknown as ReconcileParts, findings, recorded, asked, moment };
}
