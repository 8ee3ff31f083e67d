import type { DigestRow, ExpectedRow, Flow, PostgresTarget } from '../../core/index.ts';
import { differingRows } from '../../reconcile/index.ts';
import { PostgresMeasurements } from '../../sinks/postgres/index.ts';
import { isoNow } from '../clock.ts';
import { Apart, type Failed } from './apart.ts';
import { digestedTargets, Expectations } from './digest-expectations.ts';
import { lookAgain, lookForStrangers } from './digest-looks.ts';
import type { ReconcileParts } from './parts.ts';

/** What one round has come to for the tables of a flow. */
export interface DigestTally {
  /** rows of the tables that were added up */
  readonly rows: number;
  /** documents that were not, as they have changed since what is expected of them was worked out, or cannot be mapped */
  readonly leftOut: number;
  /** rows that differ and that looks have not found right; those on their way at every look among them */
  readonly differing: number;
  /** documents looked at one by one because something differed near them */
  readonly looked: number;
  /** false: more is left out than was counted, so that nothing is said of the whole */
  readonly isCounted: boolean;
}

export interface DigestRound {
  readonly seconds: number;
  /** of those with tables that can be added up, and were */
  readonly flows: ReadonlyMap<string, DigestTally>;
  readonly failed: Failed;
  /** roots of which it was worked out what they should have */
  readonly workedOut: number;
  readonly confirmed: number;
  /** false: it was stopped, and says nothing of the whole */
  readonly whole: boolean;
}

export interface DigestOptions {
  readonly flows: readonly Flow[];
  readonly signal: AbortSignal;
  readonly onProgress?: (at: { readonly stage: string; readonly of: string; readonly done: number }) => void;
}

const LEAF = 512;
/** so many differing rows are looked at in one round, about */
const MOST = 5_000;
const MOST_LEFT_OUT = 20_000;

/** Share of the documents of a flow's tables that the totals held. */
export const digestCoverage = ({ rows, leftOut }: DigestTally): number =>
  rows + leftOut === 0 ? 1 : rows / (rows + leftOut);

/** What the two sides of a table came to at one moment. */
interface Compared {
  readonly expected: readonly ExpectedRow[];
  readonly actual: readonly DigestRow[];
  readonly rows: number;
  readonly leftOut: number;
  readonly isCounted: boolean;
  /** documents that are known where rows are that nothing expects so */
  readonly near: readonly { readonly flow: string; readonly root: string }[];
}

/**
 * Compares tables by totals: what is expected of each row is kept, hashed and added up by buckets; the table adds itself up
 * in the server. Buckets that differ are cut up until their rows are known, and those are looked at as any others.
 */
export class DigestEngine {
  readonly #parts: ReconcileParts;
  readonly #expectations: Expectations;

  constructor(parts: ReconcileParts) {
    this.#parts = parts;
    this.#expectations = new Expectations(parts);
  }

  /** One round. A flow that fails leaves the others to go on, and has no figures. */
  async round({ flows: all, signal, onProgress: tell = () => undefined }: DigestOptions): Promise<DigestRound> {
    const { clock, open } = this.#parts;
    const started = clock.now();
    const flows = all.filter((flow) => digestedTargets(flow).length > 0);
    const apart = new Apart();
    let workedOut = 0;
    for (const flow of flows)
      await apart.do(flow.name, async () => {
        workedOut += await this.#expectations.bringUp(flow, signal, (done) =>
          tell({ stage: 'expectations', of: flow.name, done }),
        );
      });
    const tallies = new Map<string, DigestTally>();
    let confirmed = 0;
    const seen = new Set<string>();
    for (const flow of flows) {
      if (apart.failed.has(flow.name)) continue;
      let tally: DigestTally = { rows: 0, leftOut: 0, differing: 0, looked: 0, isCounted: true };
      const isDone = await apart.do(flow.name, async () => {
        for (const target of digestedTargets(flow)) {
          if (signal.aborted || seen.has(target.name)) continue;
          seen.add(target.name);
          const compared = await this.#compare(target);
          tell({ stage: 'totals', of: target.name, done: compared.rows });
          const looks = await this.#look(flow, target, compared, signal);
          confirmed += looks.confirmed;
          tally = {
            rows: tally.rows + compared.rows,
            leftOut: tally.leftOut + compared.leftOut,
            differing: tally.differing + looks.differing,
            looked: tally.looked + looks.looked,
            isCounted: tally.isCounted && compared.isCounted,
          };
        }
      });
      if (isDone) tallies.set(flow.name, tally);
    }
    const seconds = (clock.now() - started) / 1000;
    const isSaid = (flow: Flow): boolean => apart.failed.has(flow.name) || this.#expectations.isKnown(flow);
    const whole = !signal.aborted && flows.every(isSaid);
    if (whole) await this.#record(open.migration.name, tallies, seconds);
    return { seconds, flows: tallies, failed: apart.failed, workedOut, confirmed, whole };
  }

  #compare(target: PostgresTarget): Promise<Compared> {
    const columns = this.#expectations.columnsOf(target);
    return this.#parts.reading.moment(async (moment) => {
      const digest = moment.digest();
      const owed = await digest.owed(target, '', MOST_LEFT_OUT);
      const leftOut = [
        ...(
          await digest.places(
            target,
            owed.map(({ id }) => id),
          )
        ).values(),
      ];
      const [expected, actual] = [digest.expected(target, leftOut), digest.actual(target, columns, leftOut)];
      const found = await differingRows(expected, actual, { leaf: LEAF, most: MOST });
      const near = await digest.knownIn(
        target,
        found.right.map(({ place }) => place),
      );
      return {
        ...{ expected: found.left, actual: found.right, rows: found.rightCount, near },
        ...{ leftOut: owed.length, isCounted: owed.length < MOST_LEFT_OUT },
      };
    });
  }

  async #look(flow: Flow, target: PostgresTarget, { expected, actual, near }: Compared, signal: AbortSignal) {
    if (expected.length + actual.length === 0) return { looked: 0, confirmed: 0, differing: 0 };
    const roots = new Map<string, Set<string>>();
    for (const one of [...expected, ...near]) roots.set(one.flow, (roots.get(one.flow) ?? new Set()).add(one.root));
    const right = new Set<string>();
    let [looked, confirmed] = [0, 0];
    for (const [name, some] of roots) {
      const of = this.#parts.open.migration.flows.find((one) => one.name === name);
      if (!of) continue;
      const looks = await lookAgain(this.#parts, of, [...some], signal);
      looked += looks.looked;
      confirmed += looks.confirmed;
      for (const id of looks.right.get(target.name) ?? []) right.add(id);
    }
    const places = new Set(expected.map(({ place }) => place));
    if (actual.some(({ place }) => !places.has(place))) confirmed += await lookForStrangers(this.#parts, flow, target);
    const isRight = expected.filter(({ id }) => right.has(id));
    await this.#takeOver(target, isRight, actual);
    const rightPlaces = new Set(isRight.map(({ place }) => place));
    const all = new Set([...places, ...actual.map(({ place }) => place)]);
    return { looked, confirmed, differing: [...all].filter((place) => !rightPlaces.has(place)).length };
  }

  /** What a look found right is expected as the table spells it, if it is the same before the look and after. */
  async #takeOver(target: PostgresTarget, right: readonly ExpectedRow[], before: readonly DigestRow[]): Promise<void> {
    if (right.length === 0) return;
    const columns = this.#expectations.columnsOf(target);
    const rows = await this.#parts.reading.moment((moment) =>
      moment.digest().held(
        target,
        columns,
        right.map(({ id }) => id),
      ),
    );
    const after = new Map(rows.map((row) => [row.id, row]));
    for (const one of right) {
      const now = after.get(one.id);
      if (now && before.some(({ place, a, b }) => place === now.place && a === now.a && b === now.b))
        await this.#expectations.store.save(target.name, one.flow, [], [{ ...one, a: now.a, b: now.b }]);
    }
  }

  #record(migration: string, tallies: ReadonlyMap<string, DigestTally>, oldestSeconds: number): Promise<void> {
    const at = isoNow();
    return new PostgresMeasurements(this.#parts.open.pool).record(
      [...tallies]
        .filter(([, { isCounted }]) => isCounted)
        .map(([flow, tally]) => ({
          ...{ migration, flow, at, oldestSeconds, source: 'reconcile digest' },
          ...{ figure: 'reconcile.digestDiffering', value: tally.differing },
          ...{ sample: tally.rows, coverage: digestCoverage(tally) },
        })),
    );
  }
}
