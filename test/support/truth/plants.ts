import type { FindingKind, Json, JsonObject, Target } from '../../../src/core/index.ts';
import type { Shelf } from './shelves.ts';

/** A document at its target, and the root it is made of. */
export interface Placed {
  readonly id: string;
  readonly root: string;
}

/** Documents of one target that faults are planted in, in the order of their roots, each root with one. */
export interface Bed {
  readonly flow: string;
  readonly target: Target;
  readonly shelf: Shelf;
  readonly placed: readonly Placed[];
  /** the last of one page of the scan and the first of the next; the last two there are where all fit on one */
  readonly edge: readonly [Placed, Placed];
  /** what a server that keeps references whole lets nobody remove, and what nothing refers to */
  readonly removal: 'refused' | 'possible' | 'only';
  /** a compared text of the content, different in most documents */
  readonly field: string;
  /** gives that text of some roots another value, at the source */
  alter(roots: readonly string[]): Promise<void>;
}

export interface Expectation {
  readonly id: string;
  readonly kinds: readonly FindingKind[];
  readonly path: string;
}

export interface Plant {
  readonly fault: string;
  readonly bed: Bed;
  readonly expected: readonly Expectation[];
  plant(): Promise<void>;
  /** what no repair undoes: rows nothing expects, and resources that a server lost or somebody else took over */
  readonly byHand: (() => Promise<void>) | null;
}

/** So many documents at the beginning are planted in while they are written; the others stay for cold keys. */
export const HOT = 3;

/** Marks an invented value; no finding may show it. */
export const SIGN = 'Planted';

/** In a table every write of others is told by its transaction. */
const changed = ({ target }: Bed): readonly FindingKind[] =>
  target.kind === 'postgres' ? ['rogue', 'value'] : ['value'];

const withText = (bed: Bed, raw: JsonObject, value: Json): JsonObject => ({ ...raw, [bed.field]: value });

/**
 * All kinds of faults of one target, each in rows of its own; nothing is planted yet. Reads the rows as they are now.
 *
 * @param settled brings what was altered at the source to the target, and lets it be seen there to be right
 */
export async function plantsOf(bed: Bed, settled: () => Promise<void>): Promise<readonly Plant[]> {
  const { shelf, target, placed, edge } = bed;
  const used = new Set([...edge, ...placed.slice(0, HOT)].map(({ id }) => id));
  const take = (): Placed => {
    const next = placed.find(({ id }) => !used.has(id));
    if (!next) throw new Error(`${target.name} has too few documents to plant in`);
    used.add(next.id);
    return next;
  };
  if (bed.removal === 'only') return removals(bed, take());
  const last = placed.at(-1) as Placed;
  const isLastFree = !used.has(last.id);
  if (isLastFree) used.add(last.id);
  const one = take();
  const gone = take();
  const stale = take();
  const theirs = take();
  const swapped = await differing(bed, take);
  const before = await shelf.read(stale.id);
  const copies = shelf.copies(before, last.id);
  await bed.alter([stale.root]);
  await settled();

  const text = async ({ id }: Placed, value: Json): Promise<void> =>
    shelf.write(id, withText(bed, await shelf.read(id), value));
  const value = ({ id }: Placed): Expectation => ({ id, kinds: changed(bed), path: bed.field });
  const missing = ({ id }: Placed): Expectation => ({ id, kinds: ['missing'], path: '' });
  const kept = new Map<string, JsonObject>();
  const remove = ({ id }: Placed): Promise<void> => shelf.remove(id);
  const putBack = async ({ id }: Placed): Promise<void> => shelf.write(id, kept.get(id) as JsonObject);
  const plant = (
    fault: string,
    expected: readonly Expectation[],
    work: () => Promise<void>,
    byHand: Plant['byHand'] = null,
  ): Plant => ({ fault, bed, expected, plant: work, byHand });

  const [left, right] = edge;
  const plants = [
    plant('a field changed', [value(one)], () => text(one, `${SIGN} one`)),
    ...(bed.removal === 'possible' ? [plant('a row deleted', [missing(gone)], () => remove(gone))] : []),
    plant('values of two rows swapped', swapped.map(value), async () => {
      const [x, y] = swapped;
      const [first, second] = [await shelf.read(x.id), await shelf.read(y.id)];
      await shelf.write(x.id, withText(bed, first, second[bed.field] ?? null));
      await shelf.write(y.id, withText(bed, second, first[bed.field] ?? null));
    }),
    plant(
      'a stale row put back',
      [{ id: stale.id, kinds: target.kind === 'postgres' ? ['rogue', 'stale'] : ['stale'], path: bed.field }],
      () => shelf.write(stale.id, before),
    ),
    plant(
      'a write by another user',
      [{ id: theirs.id, kinds: ['rogue', 'value'], path: bed.field }],
      async () => {
        kept.set(theirs.id, await shelf.read(theirs.id));
        await shelf.writeAsAnother(theirs.id, withText(bed, await shelf.read(theirs.id), `${SIGN} theirs`));
      },
      // what somebody else has taken over is for a person to decide
      target.kind === 'postgres' ? null : () => putBack(theirs),
    ),
    plant('the last row of a page changed', [value(left)], () => text(left, `${SIGN} left`)),
    bed.removal === 'possible'
      ? plant('the first row of the next page deleted', [missing(right)], () => remove(right))
      : plant('the first row of the next page changed', [value(right)], () => text(right, `${SIGN} right`)),
    ...(isLastFree
      ? [plant('the row with the largest key changed', [value(last)], () => text(last, `${SIGN} last`))]
      : []),
    ...copies.map(({ id, raw }, i) =>
      plant(
        i === 0 ? 'an extra row before the smallest key' : 'an extra row beyond the largest key',
        [{ id, kinds: ['extra'], path: '' }],
        () => shelf.write(id, raw),
        () => shelf.remove(id),
      ),
    ),
  ];
  return plants;
}

/** The guarded write does not bring back what a server has lost: a person says whose it is. */
async function removals(bed: Bed, gone: Placed): Promise<readonly Plant[]> {
  const { shelf, edge } = bed;
  return Promise.all(
    [
      { fault: 'a row deleted', id: gone.id },
      { fault: 'the first row of the next page deleted', id: edge[1].id },
    ].map(async ({ fault, id }): Promise<Plant> => {
      const kept = await shelf.read(id);
      return {
        fault,
        bed,
        expected: [{ id, kinds: ['missing'], path: '' }],
        plant: () => shelf.remove(id),
        byHand: () => shelf.write(id, kept),
      };
    }),
  );
}

/** Two rows that show different texts, neither of them used otherwise. */
async function differing({ shelf, field, target }: Bed, take: () => Placed): Promise<readonly [Placed, Placed]> {
  const one = take();
  const text = (await shelf.read(one.id))[field];
  for (let tries = 0; tries < 20; tries++) {
    const other = take();
    if ((await shelf.read(other.id))[field] !== text) return [one, other];
  }
  throw new Error(`documents of ${target.name} all show the same ${field}`);
}
