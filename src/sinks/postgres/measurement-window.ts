import type { Measurement, Measurements } from '../../core/index.ts';
import { type MeasurementRow, measurementOf, SELECT_MEASUREMENT } from './measurements.ts';
import type { Queryable } from './sql.ts';

interface Held {
  /** the earliest moment that is held, ISO UTC */
  readonly from: string;
  readonly readAt: string;
  lastId: number;
  /** numbers of the rows that were taken, until all is read anew */
  readonly ids: Set<number>;
  /** oldest first */
  rows: Measurement[];
}

/** Rows are numbered before they are committed: one that was numbered earlier may be seen later. */
const OVERLAP = 1_000;
const READ_ANEW_MS = 3_600_000;

/**
 * Windows that move with time, for one who looks again and again: what was read is held, and only what was added since is
 * read. `between` asks with a later `to` each time.
 */
export class PostgresMeasurementWindow implements Pick<Measurements, 'between'> {
  readonly #db: Queryable;
  readonly #held = new Map<string, Held>();

  constructor(db: Queryable) {
    this.#db = db;
  }

  async between(migration: string, figure: string, since: string, until: string): Promise<readonly Measurement[]> {
    const [from, to] = [micros(since), micros(until)];
    const name = `${migration} ${figure}`;
    const known = this.#held.get(name);
    const isUsable = known && known.from <= from && Date.parse(to) - Date.parse(known.readAt) < READ_ANEW_MS;
    const held = isUsable ? known : { from, readAt: to, lastId: 0, ids: new Set<number>(), rows: [] };
    // the first reading goes by time, later ones by number
    const found = isUsable
      ? await this.#read('id > $3', migration, figure, held.lastId - OVERLAP)
      : await this.#read('at >= $3', migration, figure, from);
    add(held, found);
    this.#held.set(name, held);
    const begins = held.rows.findIndex(({ at }) => at >= from);
    held.rows = begins < 0 ? [] : held.rows.slice(begins);
    const isAll = (held.rows.at(-1)?.at ?? '') <= to;
    return isAll ? held.rows : held.rows.filter(({ at }) => at <= to);
  }

  async #read(what: string, migration: string, figure: string, from: string | number): Promise<MeasurementRow[]> {
    const text = `${SELECT_MEASUREMENT} where migration = $1 and figure = $2 and ${what} order by at, id`;
    return (await this.#db.query<MeasurementRow>(text, [migration, figure, from])).rows;
  }
}

function add(held: Held, found: readonly MeasurementRow[]): void {
  let isInOrder = true;
  for (const row of found) {
    const id = Number(row.id);
    if (held.ids.has(id)) continue;
    held.ids.add(id);
    held.lastId = Math.max(held.lastId, id);
    isInOrder &&= row.at >= (held.rows.at(-1)?.at ?? '');
    held.rows.push(measurementOf(row));
  }
  if (!isInOrder) held.rows.sort(byTime);
}

/** As the database writes instants, so that texts can be compared. */
const micros = (iso: string): string => iso.replace(/(\.\d{3})Z$/, '$1000Z');

const byTime = (x: Measurement, y: Measurement): number => (x.at < y.at ? -1 : x.at > y.at ? 1 : 0);
