import type { Measurement, Measurements } from '../../core/index.ts';
import { isoMicros, type Queryable } from './sql.ts';

export interface MeasurementRow {
  id: string;
  migration: string;
  flow: string;
  figure: string;
  value: number;
  at: string;
  sample: string | null;
  coverage: number | null;
  oldest_seconds: number | null;
  source: string;
}

export const SELECT_MEASUREMENT = `select id, migration, flow, figure, value, ${isoMicros('at')} as at, sample, coverage,
  oldest_seconds, source from sluice.measurement`;

export const measurementOf = ({ id: _, sample, oldest_seconds, ...row }: MeasurementRow): Measurement => ({
  ...row,
  sample: sample === null ? null : Number(sample),
  oldestSeconds: oldest_seconds,
});

/** All measurements of one figure of one flow within a window. */
export interface MeasuredFigure {
  readonly figure: string;
  /** '' for the whole migration */
  readonly flow: string;
  readonly newest: number;
  readonly least: number;
  readonly most: number;
  /** how often it was measured */
  readonly times: number;
  /** of the newest, as in `Measurement` */
  readonly sample: number | null;
  readonly coverage: number | null;
  readonly oldestSeconds: number | null;
  readonly at: string;
  readonly source: string;
}

/** The figures in the ledger's schema. */
export class PostgresMeasurements implements Measurements {
  readonly #db: Queryable;

  constructor(db: Queryable) {
    this.#db = db;
  }

  async record(measured: readonly Measurement[]): Promise<void> {
    if (measured.length === 0) return;
    const column = <T>(of: (measurement: Measurement) => T): T[] => measured.map(of);
    await this.#db.query(
      `insert into sluice.measurement (migration, flow, figure, value, at, sample, coverage, oldest_seconds, source)
       select * from unnest($1::text[], $2::text[], $3::text[], $4::float8[], $5::timestamptz[], $6::bigint[],
         $7::float8[], $8::float8[], $9::text[])`,
      [
        column(({ migration }) => migration),
        column(({ flow }) => flow),
        column(({ figure }) => figure),
        column(({ value }) => value),
        column(({ at }) => at),
        column(({ sample }) => sample),
        column(({ coverage }) => coverage),
        column(({ oldestSeconds }) => oldestSeconds),
        column(({ source }) => source),
      ],
    );
  }

  async between(migration: string, figure: string, from: string, to: string): Promise<readonly Measurement[]> {
    const found = await this.#db.query<MeasurementRow>(
      `${SELECT_MEASUREMENT} where migration = $1 and figure = $2 and at >= $3 and at <= $4 order by at, id`,
      [migration, figure, from, to],
    );
    return found.rows.map(measurementOf);
  }

  /** Names of all figures that were measured of a migration; it jumps from name to name along the index. */
  async figureNames(migration: string): Promise<readonly string[]> {
    const found = await this.#db.query<{ figure: string }>(
      `with recursive name as (
         (select figure from sluice.measurement where migration = $1 order by figure limit 1)
         union all
         select (select figure from sluice.measurement where migration = $1 and figure > name.figure order by figure limit 1)
         from name where name.figure is not null)
       select figure from name where figure is not null`,
      [migration],
    );
    return found.rows.map(({ figure }) => figure);
  }

  /** Removes the oldest measurements of a figure from before a time (ISO UTC), so many at most; answers how many. */
  async forget(migration: string, figure: string, before: string, limit: number): Promise<number> {
    const done = await this.#db.query(
      `delete from sluice.measurement where id in (
         select id from sluice.measurement where migration = $1 and figure = $2 and at < $3
         order by at limit $4 for update skip locked)`,
      [migration, figure, before, limit],
    );
    return done.rowCount ?? 0;
  }

  /** What was measured at or after `from` and at or before `to` (ISO UTC), by figure and flow. */
  async figures(migration: string, from: string, to: string): Promise<readonly MeasuredFigure[]> {
    const found = await this.#db.query<
      Omit<MeasurementRow, 'id' | 'value' | 'migration'> & {
        newest: number;
        least: number;
        most: number;
        times: number;
      }
    >(
      `select distinct on (figure, flow) figure, flow, value as newest, min(value) over w as least,
         max(value) over w as most, (count(*) over w)::int as times, ${isoMicros('at')} as at, sample, coverage,
         oldest_seconds, source
       from sluice.measurement where migration = $1 and at >= $2 and at <= $3
       window w as (partition by figure, flow)
       order by figure, flow, measurement.at desc, id desc`,
      [migration, from, to],
    );
    return found.rows.map(({ sample, oldest_seconds, ...row }) => ({
      ...row,
      sample: sample === null ? null : Number(sample),
      oldestSeconds: oldest_seconds,
    }));
  }
}
