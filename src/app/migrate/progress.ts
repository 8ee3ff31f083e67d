import type pg from 'pg';

/** How far a run is with one table. */
export interface TableProgress {
  readonly runLsn: bigint;
  readonly afterKey: string | null;
  readonly readRows: number;
  readonly finished: boolean;
}

/** What a run keeps of itself, in the ledger's database. */
export interface RunProgress {
  /** of the run that did not end; null: there is none */
  of(table: string): Promise<TableProgress | null>;
  keep(table: string, progress: TableProgress): Promise<void>;
  /** Forgets the tables of a run that ended, or of one that is not gone on with. */
  forget(tables: readonly string[]): Promise<void>;
}

export function keptProgress(pool: pg.Pool, pipeline: string): RunProgress {
  return {
    async of(table) {
      const found = await pool.query<{
        run_lsn: string;
        after_key: string | null;
        read_rows: string;
        finished: boolean;
      }>(
        'select run_lsn, after_key, read_rows, finished from sluice.migrate_progress where pipeline = $1 and table_name = $2',
        [pipeline, table],
      );
      const [row] = found.rows;
      if (!row) return null;
      const { run_lsn: runLsn, after_key: afterKey, read_rows: readRows, finished } = row;
      return { runLsn: BigInt(runLsn), afterKey, readRows: Number(readRows), finished };
    },
    async keep(table, { runLsn, afterKey, readRows, finished }) {
      await pool.query(
        `insert into sluice.migrate_progress (pipeline, table_name, run_lsn, after_key, read_rows, finished)
         values ($1, $2, $3, $4, $5, $6) on conflict (pipeline, table_name) do update set run_lsn = excluded.run_lsn,
           after_key = excluded.after_key, read_rows = excluded.read_rows, finished = excluded.finished,
           at = clock_timestamp()`,
        [pipeline, table, String(runLsn), afterKey, readRows, finished],
      );
    },
    async forget(tables) {
      await pool.query('delete from sluice.migrate_progress where pipeline = $1 and table_name = any($2)', [
        pipeline,
        tables,
      ]);
    },
  };
}

/** A rehearsal begins anew each time. */
export const noProgress: RunProgress = {
  of: async () => null,
  keep: async () => undefined,
  forget: async () => undefined,
};
