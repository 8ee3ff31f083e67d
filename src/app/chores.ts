import type { Clock, Flow, Log } from '../core/index.ts';
import type { Worker } from '../pipeline/index.ts';
import { PostgresMeasurements, PostgresMeasurementWindow } from '../sinks/postgres/index.ts';
import type { Chore } from './chore.ts';
import type { Config } from './config.ts';
import { openGaps } from './gaps.ts';
import { forgetFigures } from './gates/forget.ts';
import { judgeFor } from './gates/judges.ts';
import { recordRun } from './gates/record-run.ts';
import { openGateRecords } from './gates/records.ts';
import type { TallyMeter } from './gates/tally.ts';
import { watchGates } from './gates/watch.ts';
import { gaugeGroup } from './gauges.ts';
import { mirrorParked, reportFigures, tendConnector } from './housekeeping.ts';
import { observeLog } from './log-watch.ts';
import type { Metrics } from './metrics.ts';
import { tendOutbox } from './outbox.ts';
import type { OpenPipeline } from './pipeline.ts';
import type { OpenProbes } from './probes.ts';
import { repeat } from './repeat.ts';
import { observeSource } from './slot-watch.ts';
import { gaugeSource } from './source-gauges.ts';
import type { PipelineStatus, Readings } from './status.ts';
import { releaseSwitchedOn, type switchesOf } from './supabase/dual-write.ts';
import { Sweeper } from './sweeper.ts';
import { groupOf } from './wire.ts';

export interface ChoreParts {
  readonly config: Config;
  readonly options: { readonly migration: string; readonly without: readonly string[]; readonly shadow?: string };
  readonly open: OpenPipeline;
  /** those this process works on */
  readonly flows: readonly Flow[];
  readonly worker: Worker;
  readonly probes: OpenProbes;
  /** how often the Kafka client was dealt partitions since it began */
  joins(): number;
  readonly metrics: Metrics;
  readonly tally: TallyMeter;
  readonly switches: ReturnType<typeof switchesOf>;
  read(): Promise<Readings>;
  status(): Promise<PipelineStatus>;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Begins what a process of a pipeline does beside moving rows; each ends some time after the signal. */
export function startChores(parts: ChoreParts): readonly Promise<void>[] {
  const { options, open, probes, switches, clock, log } = parts;
  const chore: Chore = { ...parts, migration: options.migration, meter: parts.metrics };
  const sweeper = new Sweeper(open, probes, clock, log);
  return [
    reportFigures(chore, parts.worker, parts.read),
    observeSource(chore, sweeper),
    observeLog(chore),
    watchGroup(parts),
    repeat(1_000, parts, 'reading switches', async () => {
      await releaseSwitchedOn(open, switches);
    }),
    ...(options.shadow ? [] : liveChores(parts, chore)),
  ];
}

/** Keeps the gauges of the consumer group, and counts how often this worker was dealt partitions. */
function watchGroup(parts: ChoreParts): Promise<void> {
  const { open, probes, joins, metrics } = parts;
  const pipeline = open.name;
  let seen = 0;
  return repeat(5_000, parts, 'looking at the consumer group', async () => {
    const now = joins();
    metrics.count('sluice_consumer_rebalances_total', { pipeline }, now - seen);
    seen = now;
    gaugeGroup(metrics, pipeline, await probes.group(groupOf(open)).catch(() => null));
  });
}

/** What was in flight when the process began is landed by then, and so not taken for as old as the newest landed change. */
const FIRST_RECORDED_MS = 5_000;

/** What a shadow does not: it has no connector, sends nothing and is judged by nobody. */
function liveChores(parts: ChoreParts, chore: Chore): readonly Promise<void>[] {
  const { config, options, open, flows, tally, status, clock, log, signal } = parts;
  const measurements = new PostgresMeasurements(open.pool);
  const does = options.without.includes('fhir') ? (['derive'] as const) : (['derive', 'deliver'] as const);
  return [
    clock.sleep(FIRST_RECORDED_MS, signal).then(() =>
      recordRun({
        ...{ migration: open.name, flows, does, tally, measurements, status, clock, log, signal },
        gaps: async () => (await openGaps(open).list(true)).length,
      }),
    ),
    forgetFigures({ migration: open.name, measurements, keepDays: config.measurementDays, clock, log, signal }),
    ...gateChore(parts),
    mirrorParked(chore),
    tendOutbox(chore),
    gaugeSource(chore),
    tendConnector(chore),
  ];
}

function gateChore({ config, options, open, metrics, clock, log, signal }: ChoreParts): readonly Promise<void>[] {
  const { migration } = open;
  const judge = judgeFor(config, options.migration, migration, new PostgresMeasurementWindow(open.pool));
  if (judge === null) return [];
  const records = openGateRecords(config, open.pool);
  const watch = {
    migration: migration.name,
    judge,
    records,
    meter: metrics,
    clock,
    worker: config.worker,
    log,
    signal,
  };
  return [watchGates(options.migration, watch)];
}
