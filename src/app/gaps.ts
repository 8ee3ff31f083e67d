import { type Gap, type GapKind, type Meter, SluiceError, topicOf } from '../core/index.ts';
import { PostgresGaps } from '../sinks/postgres/index.ts';
import type { OpenPipeline } from './pipeline.ts';
import { HEARTBEAT_TABLE } from './readings.ts';
import { topicsOfFlow } from './status.ts';

export const openGaps = ({ pool, name, migration }: Pick<OpenPipeline, 'pool' | 'name' | 'migration'>): PostgresGaps =>
  new PostgresGaps(pool, name, topicOf(migration.name, HEARTBEAT_TABLE));

export function countGap(meter: Meter, pipeline: string, kind: GapKind): void {
  meter.count('sluice_gap_detected_total', { pipeline, kind });
}

/** The open gaps that a flow suffers from; all of them when none is named. */
export function gapsOf({ migration }: Pick<OpenPipeline, 'migration'>, gaps: readonly Gap[], flowName?: string) {
  if (flowName === undefined) return gaps;
  const flow = migration.flows.find(({ name }) => name === flowName);
  if (!flow) throw new SluiceError('CONFIG_INVALID', `there is no flow '${flowName}'`);
  const topics = topicsOfFlow(migration, flow);
  return gaps.filter(({ scope }) => scope === '*' || topics.some((topic) => scope.startsWith(`${topic}/`)));
}
