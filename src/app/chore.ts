import type { Clock, Log, Meter } from '../core/index.ts';
import type { Config } from './config.ts';
import type { OpenPipeline } from './pipeline.ts';
import type { Probes } from './readings.ts';

/** What a process does beside moving rows works with these. */
export interface Chore {
  readonly config: Config;
  /** as declared for the CLI, e.g. `supabase` */
  readonly migration: string;
  readonly open: OpenPipeline;
  readonly probes: Probes;
  readonly meter: Meter;
  readonly clock: Clock;
  readonly log: Log;
  /** ends it */
  readonly signal: AbortSignal;
}
