import { type Measurement, SluiceError } from '../../core/index.ts';
import type { GateFigure } from '../../gates/index.ts';
import { classify, openPool, PostgresMeasurements } from '../../sinks/postgres/index.ts';
import { systemClock } from '../clock.ts';
import type { Config } from '../config.ts';

/** A figure and what it rests on; what is left out says nothing. */
export interface Figure extends Partial<Pick<Measurement, 'flow' | 'sample' | 'coverage' | 'oldestSeconds'>> {
  readonly figure: GateFigure;
  readonly value: number;
}

export interface Measuring {
  /** with the prefix of an instance */
  readonly migration: string;
  /** what measured, e.g. `archive verify` */
  readonly source: string;
  readonly at: string;
}

export const measured = (figures: readonly Figure[], { migration, source, at }: Measuring): readonly Measurement[] =>
  figures.map((one) => ({
    flow: '',
    sample: null,
    coverage: null,
    oldestSeconds: null,
    ...one,
    migration,
    source,
    at,
  }));

/**
 * Records what a command has measured, for gates. A ledger that is away or older is no reason for the command to fail:
 * the gate has no evidence then. Answers why nothing was recorded, null when it was.
 */
export async function recordFigures(
  config: Config,
  { migration, source }: Omit<Measuring, 'at'>,
  figures: readonly Figure[],
): Promise<SluiceError | null> {
  const pool = openPool(config.servicesUrl, 1);
  try {
    const at = new Date(systemClock.now()).toISOString();
    const named = { migration: config.prefix + migration, source, at };
    await new PostgresMeasurements(pool).record(measured(figures, named));
    return null;
  } catch (error) {
    return error instanceof SluiceError ? error : classify(error);
  } finally {
    await pool.end();
  }
}
