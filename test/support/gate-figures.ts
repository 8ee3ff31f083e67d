import type pg from 'pg';
import { SUPABASE_PHASES } from '../../src/gates/index.ts';

/** Flows of the migration that the figures are of. */
export interface FigureSpan {
  readonly migration: string;
  readonly flows: readonly string[];
  /** ms since 1970 */
  readonly until: number;
}

/** Figures by which a phase set passes at a moment, as dense as its clauses ask for. */
export async function passingFigures(pool: pg.Pool, phase: string, span: FigureSpan): Promise<void> {
  const profile = SUPABASE_PHASES.find(({ name }) => name === phase);
  for (const { figure, of, over, windowSeconds, test, threshold, evidence } of profile?.clauses ?? []) {
    const step = over === 'last' ? windowSeconds : Math.min(evidence.gapSeconds ?? windowSeconds, 240);
    await pool.query(
      `insert into sluice.measurement (migration, flow, figure, value, at, sample, coverage, oldest_seconds, source)
       select $1, flow, $2, $3, to_timestamp($4) - n * make_interval(secs => $5), 1000, 1, 1, 'test'
       from unnest($6::text[]) flow, generate_series(0, $7) n`,
      [
        span.migration,
        figure,
        test === 'at-least' ? threshold : 0,
        span.until / 1000 - 1,
        step,
        of === 'whole' ? [''] : span.flows,
        over === 'last' ? 0 : Math.ceil(windowSeconds / step),
      ],
    );
  }
}

/** One measurement, as bad as can be or as told. */
export const oneFigure = (
  pool: pg.Pool,
  span: Pick<FigureSpan, 'migration' | 'until'>,
  { figure, flow = '', value }: { readonly figure: string; readonly flow?: string; readonly value: number },
): Promise<unknown> =>
  pool.query(
    `insert into sluice.measurement (migration, flow, figure, value, at, sample, coverage, oldest_seconds, source)
     values ($1, $2, $3, $4, to_timestamp($5), 1000, 1, 1, 'test')`,
    [span.migration, flow, figure, value, span.until / 1000],
  );
