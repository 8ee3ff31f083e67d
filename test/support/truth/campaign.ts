import type { OpenReconcileParts } from '../../../src/app/reconcile/parts.ts';
import { recheckOpen } from '../../../src/app/reconcile/recheck.ts';
import { type Round, scanRound } from '../../../src/app/reconcile/round.ts';
import type { Difference, FindingKind, FindingState } from '../../../src/core/index.ts';
import { unfailed } from '../reconciling.ts';
import type { WorkerProcess } from '../rig.ts';
import { type Bed, type Expectation, HOT, type Placed, type Plant, plantsOf, SIGN } from './plants.ts';
import type { Reconciler } from './reconciler.ts';
import type { World } from './worlds.ts';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const never = new AbortController().signal;

/** A finding as the ledger has it, with how long after some moment it was confirmed and closed. */
export interface Told {
  readonly id: string;
  readonly target: string;
  readonly key: string;
  readonly root: string;
  readonly kind: FindingKind;
  readonly state: FindingState;
  readonly differences: readonly Difference[];
  readonly engine: string;
  readonly confirmedAfter: number;
  readonly closedAfter: number | null;
}

/** Findings confirmed since a moment of the database's clock, but those that are true without anybody's doing. */
export async function confirmedSince({ rig }: World, since: string): Promise<readonly Told[]> {
  const { rows } = await rig.open.pool.query<Told>(
    `select id::text, target, key, root, kind, state, differences, engine,
       extract(epoch from confirmed_at - $2::timestamptz)::float8 as "confirmedAfter",
       extract(epoch from closed_at - $2::timestamptz)::float8 as "closedAfter"
     from sluice.finding where pipeline = $1 and confirmed_at > $2 order by id`,
    [rig.open.name, since],
  );
  return rows.filter((one) => one.kind !== 'unmappable' && !isOfCapture(one));
}

/** What capture cannot tell, a null from the column's constant default (docs/supabase.md): a true finding, and nobody's plant. */
const isOfCapture = ({ target, differences }: Told): boolean =>
  target === 'source:public.lab_orders' && differences.every(({ path }) => path === 'priority');

export async function momentOf({ rig }: World): Promise<string> {
  const { rows } = await rig.open.pool.query<{ at: string }>('select clock_timestamp()::text as at');
  return rows[0]?.at as string;
}

export const scan = (parts: OpenReconcileParts): Promise<Round> =>
  scanRound(parts, { flows: parts.open.migration.flows, signal: never }).then(unfailed);

/** What a world is run by; a worker that ended is replaced by one of the same name. */
export interface Crew {
  worker: WorkerProcess;
  readonly reconciler: Reconciler;
}

export const startWorker = ({ rig }: World): WorkerProcess => rig.startWorker([], 'none', 'one');

type Nemesis = (world: World, crew: Crew) => Promise<void>;

const NEMESES: Readonly<Record<string, Nemesis>> = {
  async 'worker asleep'(_, { worker }) {
    worker.child.kill('SIGSTOP');
    await pause(4_000);
    worker.child.kill('SIGCONT');
  },
  'target slow': (world) => world.slow(3_000),
  async 'connector restarted'({ rig }) {
    const name = `${rig.config.prefix}sluice-${rig.migration}`;
    const url = `${rig.config.connect}/connectors/${name}/restart?includeTasks=true`;
    const answer = await fetch(url, { method: 'POST' });
    if (!answer.ok) throw new Error(`Connect answers ${answer.status}`);
  },
  async 'worker killed'(world, crew) {
    crew.worker.child.kill('SIGKILL');
    await crew.worker.exited;
    crew.worker = startWorker(world);
  },
  async 'reconciler killed'(_, { reconciler }) {
    await reconciler.end('SIGKILL');
    reconciler.start('--every', '1', '--repair', 'never');
  },
  async 'worker away for a while'(world, crew) {
    crew.worker.child.kill('SIGTERM');
    await crew.worker.exited;
    await pause(3_000);
    crew.worker = startWorker(world);
  },
};

export interface MovingOptions {
  readonly seconds: number;
  readonly rate: number;
  readonly seed: bigint;
  readonly pauseMs: number;
  /** told now and then */
  readonly onProgress?: () => Promise<void>;
}

export interface Moved {
  readonly changes: number;
  readonly nemeses: ReadonlyMap<string, number>;
  readonly falseFindings: readonly Told[];
}

/** Traffic with lag and restarts while both sides are compared without a pause; answers what was found, which is false. */
export async function moveUnderFaults(world: World, crew: Crew, options: MovingOptions): Promise<Moved> {
  const since = await momentOf(world);
  crew.reconciler.start('--every', '1', '--repair', 'never');
  // it has begun to compare when the first change comes
  await crew.reconciler.scanned(1, 300);
  const traffic = world.traffic(options.rate, options.seconds, options.seed);
  let isOver = false;
  const report = traffic.finally(() => {
    isOver = true;
  });
  const nemeses = new Map<string, number>();
  const all = Object.entries(NEMESES);
  for (let i = 0; !isOver; i = (i + 1) % all.length) {
    const [name, strike] = all[i] as [string, Nemesis];
    await strike(world, crew);
    nemeses.set(name, (nemeses.get(name) ?? 0) + 1);
    await options.onProgress?.();
    await Promise.race([pause(options.pauseMs), report.catch(() => undefined)]);
  }
  const { changes } = await report;
  return { changes, nemeses, falseFindings: await confirmedSince(world, since) };
}

/** One planted fault and what became of it. */
export interface Outcome {
  readonly target: string;
  readonly fault: string;
  readonly where: 'hot' | 'cold';
  readonly kinds: readonly string[];
  readonly path: string;
  /** from planting until the last of its findings was confirmed; null: not found as it is */
  readonly seconds: number | null;
  readonly engines: readonly string[];
  readonly repaired: string;
  readonly isVerified: boolean;
}

export interface HotOptions {
  readonly withinSeconds: number;
}

/** Faults in keys that are written all the time, without a scan: found by the stream engine, repaired by policy. */
export async function plantHot(world: World, crew: Crew, { withinSeconds }: HotOptions): Promise<readonly Outcome[]> {
  const { reconciler } = crew;
  await reconciler.end();
  // its one scan is over before anything is planted
  reconciler.start('--every', '3600', '--repair', 'automatic');
  await reconciler.scanned(1, 600);
  const outcomes: Outcome[] = [];
  for (const bed of await world.beds()) {
    if (bed.removal === 'only') continue;
    const hot = bed.placed.slice(0, HOT) as [Placed, Placed, Placed];
    const roots = hot.map(({ root }) => root);
    const stop = new AbortController();
    const touching = (async () => {
      while (!stop.signal.aborted) {
        await world.touch(bed, roots);
        // what a busy root has to send has to arrive in between, on a busy machine too
        await pause(2_000);
      }
    })();
    await pause(1_000);
    const plants = await hotPlants(bed, hot);
    const since = await momentOf(world);
    for (const { plant } of plants) await plant();
    const isDone = async (): Promise<boolean> => {
      const told = await confirmedSince(world, since);
      return plants.every((plant) => secondsOf(plant, told) !== null);
    };
    for (const until = Date.now() + withinSeconds * 1000; Date.now() < until && !(await isDone()); ) await pause(250);
    const isMended = async (): Promise<boolean> =>
      (await confirmedSince(world, since)).every(({ state }) => state === 'reverified' || state === 'vanished');
    for (const until = Date.now() + 60_000; Date.now() < until && !(await isMended()); ) await pause(250);
    stop.abort();
    await touching;
    const told = await confirmedSince(world, since);
    for (const plant of plants) outcomes.push(outcomeOf(plant, told, 'hot'));
  }
  await reconciler.end();
  return outcomes;
}

async function hotPlants(bed: Bed, hot: readonly [Placed, Placed, Placed]): Promise<readonly Plant[]> {
  const { shelf, field, target, removal } = bed;
  const [first, second, third] = hot;
  const inTable = target.kind === 'postgres';
  const value: readonly FindingKind[] = inTable ? ['rogue', 'value'] : ['value'];
  const text = async ({ id }: Placed): Promise<void> =>
    shelf.write(id, { ...(await shelf.read(id)), [field]: `${SIGN} hot` });
  const one = (fault: string, expected: Expectation, plant: () => Promise<void>): Plant => ({
    fault,
    bed,
    expected: [expected],
    plant,
    byHand: null,
  });
  const plants = [one('a field changed', { id: first.id, kinds: value, path: field }, () => text(first))];
  if (removal === 'possible')
    plants.push(one('a row deleted', { id: second.id, kinds: ['missing'], path: '' }, () => shelf.remove(second.id)));
  // elsewhere what somebody else has taken over is for a person to decide
  if (inTable)
    plants.push(
      one('a write by another user', { id: third.id, kinds: ['rogue', 'value'], path: field }, async () =>
        shelf.writeAsAnother(third.id, { ...(await shelf.read(third.id)), [field]: `${SIGN} theirs` }),
      ),
    );
  return plants;
}

/** Faults in keys nobody writes: one scan finds them all and nothing else; then they are repaired and looked at again. */
export async function plantCold(
  world: World,
  parts: OpenReconcileParts,
): Promise<{ readonly outcomes: readonly Outcome[]; readonly others: readonly Told[]; readonly shown: boolean }> {
  const settled = async (): Promise<void> => {
    await world.rig.settled(120);
    await scan(parts);
  };
  const plants: Plant[] = [];
  for (const bed of await world.beds()) plants.push(...(await plantsOf(bed, settled)));
  const since = await momentOf(world);
  for (const { plant } of plants) await plant();
  await scan(parts);
  const found = await confirmedSince(world, since);
  const planted = new Set(plants.flatMap(({ bed, expected }) => expected.map(({ id }) => `${bed.target.name} ${id}`)));
  const others = found.filter(({ target, key }) => !planted.has(`${target} ${key}`));
  const shown = JSON.stringify(found).includes(SIGN);

  const isByHand = new Set(
    plants.flatMap(({ bed, byHand, expected }) => (byHand ? expected.map(({ id }) => `${bed.target.name} ${id}`) : [])),
  );
  for (const { byHand } of plants) await byHand?.();
  for (const { id, target, key, root } of found)
    if (root !== '' && !isByHand.has(`${target} ${key}`)) await parts.store.repair(id, 'A N Other');
  await world.rig.settled(120);
  await recheckOpen(parts, 'recheck');
  const after = await confirmedSince(world, since);
  return {
    outcomes: plants.map((plant) => {
      const { kinds, path, seconds, engines } = outcomeOf(plant, found, 'cold');
      return { ...outcomeOf(plant, after, 'cold'), kinds, path, seconds, engines };
    }),
    others,
    shown,
  };
}

const ofPlant = ({ bed, expected }: Plant, told: readonly Told[]): readonly (readonly Told[])[] =>
  expected.map(({ id }) => told.filter(({ target, key }) => target === bed.target.name && key === id));

/** null: not every one of its findings is there, or one is there that should not be, or a path is missing */
function secondsOf(plant: Plant, told: readonly Told[]): number | null {
  const found = ofPlant(plant, told);
  const isRight = plant.expected.every(({ kinds, path }, i) => {
    const own = found[i] ?? [];
    return (
      [...new Set(own.map(({ kind }) => kind))].sort().join() === [...kinds].sort().join() &&
      own.every(({ differences }) => differences.some((one) => one.path === path))
    );
  });
  return isRight ? Math.max(...found.flat().map(({ confirmedAfter }) => confirmedAfter)) : null;
}

function outcomeOf(plant: Plant, told: readonly Told[], where: 'hot' | 'cold'): Outcome {
  const found = ofPlant(plant, told).flat();
  const end: FindingState = plant.byHand ? 'vanished' : 'reverified';
  return {
    target: plant.bed.target.name,
    fault: plant.fault,
    where,
    kinds: [...new Set(found.map(({ kind }) => kind))].sort(),
    path: [...new Set(found.flatMap(({ differences }) => differences.map(({ path }) => path || '(whole)')))].join(', '),
    seconds: secondsOf(plant, told),
    engines: [...new Set(found.map(({ engine }) => engine))],
    repaired: plant.byHand ? 'by hand' : where === 'hot' ? 'by policy' : 'by name',
    isVerified: found.length > 0 && found.every(({ state }) => state === end),
  };
}
