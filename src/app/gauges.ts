import { GAP_KINDS, type Labels, type Meter, type Migration } from '../core/index.ts';
import type { PartitionReading } from '../pipeline/index.ts';
import { type ConnectorState, GROUP_STATES, type GroupReading, type SlotReading } from '../source/index.ts';
import { haltCodes, REFUSALS } from './metrics.ts';
import { BLAMED, type PipelineStatus, VERDICTS } from './status.ts';

/** Connect's own states in small letters, and two of ours: there is none, and Connect does not answer. */
export const CONNECTOR_STATES = [
  'running',
  'paused',
  'stopped',
  'failed',
  'unassigned',
  'restarting',
  'absent',
  'unreachable',
] as const;
const BREAKER = ['closed', 'open'] as const;
const WAL_STATES = ['reserved', 'extended', 'unreserved', 'lost', 'absent'] as const;
export const SNAPSHOT_STATES = ['none', 'reading', 'landing', 'complete'] as const;

/** One series for each value there is, of which one is 1: none of them ever goes missing. */
export function oneHot(
  meter: Meter,
  name: string,
  labels: Labels,
  label: string,
  values: readonly string[],
  is: string | null,
): void {
  for (const value of values) meter.gauge(name, { ...labels, [label]: value }, value === is ? 1 : 0);
}

/** The value, or no series where there is none: what is not known must not look like what was known last. */
function gaugeOrDrop(meter: Meter, name: string, labels: Labels, value: number | null): void {
  if (value === null) meter.drop(name, labels);
  else meter.gauge(name, labels, value);
}

/** The verdicts on all flows, and the figures they are made of. */
export function gaugeStatus(meter: Meter, status: PipelineStatus, nowMs: number): void {
  const { pipeline } = status;
  const { heartbeatAgeSeconds: age } = status;
  gaugeOrDrop(meter, 'sluice_heartbeat_age_seconds', { pipeline }, age);
  const beatAt = age === null ? null : nowMs / 1000 - age;
  gaugeOrDrop(meter, 'sluice_heartbeat_source_timestamp_seconds', { pipeline }, beatAt);
  const broken = new Set(status.halts.filter(({ code }) => code === 'BREAKER_OPEN').map(({ scope }) => scope));
  for (const flow of status.flows) {
    const labels = { pipeline, flow: flow.flow };
    oneHot(meter, 'sluice_flow_verdict', labels, 'verdict', VERDICTS, flow.verdict);
    oneHot(meter, 'sluice_flow_blame', labels, 'stage', BLAMED, flow.blame);
    gaugeOrDrop(meter, 'sluice_flow_lag_seconds', labels, flow.lagSeconds);
    gaugeOrDrop(meter, 'sluice_flow_freshness_seconds', labels, flow.freshnessSeconds);
    meter.gauge('sluice_marks', labels, flow.toDerive);
    meter.gauge('sluice_intents', labels, flow.toSend);
    meter.gauge('sluice_dlq_depth_records', labels, flow.parked);
    meter.gauge('sluice_dlq_oldest_age_seconds', labels, flow.oldestParkedSeconds ?? 0);
    oneHot(meter, 'sluice_circuit_breaker_state', labels, 'state', BREAKER, broken.has(flow.flow) ? 'open' : 'closed');
    meter.gauge('sluice_waiting', labels, flow.waiting);
    meter.gauge('sluice_documents', labels, flow.documents);
    meter.gauge('sluice_issues', labels, flow.issues);
    // a code that refuses nothing any more goes back to 0
    for (const code of REFUSALS) meter.gauge('sluice_refused', { ...labels, code }, flow.refused[code] ?? 0);
  }
  // a code that halts nothing any more goes back to 0
  const halted = new Map(haltCodes().map((code) => [code as string, 0]));
  for (const halt of status.halts) halted.set(halt.code, (halted.get(halt.code) ?? 0) + 1);
  for (const [code, count] of halted) meter.gauge('sluice_halted', { pipeline, code }, count);
}

/** Another worker shows them when it has the partition. */
const OF_PARTITIONS = [
  'sluice_consumer_lag_records',
  'sluice_partition_paused',
  'sluice_last_applied_source_timestamp_seconds',
] as const;

/**
 * @param before what it answered last: of those that are gone nothing is shown any more
 * @returns which partitions are shown
 */
export function gaugePartitions(
  meter: Meter,
  pipeline: string,
  partitions: readonly PartitionReading[],
  before: ReadonlyMap<string, Labels> = new Map(),
): ReadonlyMap<string, Labels> {
  const shown = new Map<string, Labels>();
  for (const { topic, partition, lag, paused } of partitions) {
    const labels = { pipeline, topic, partition: String(partition) };
    shown.set(`${topic}/${partition}`, labels);
    meter.gauge('sluice_consumer_lag_records', labels, Number(lag));
    meter.gauge('sluice_partition_paused', labels, paused ? 1 : 0);
  }
  const inflight = partitions.reduce((sum, { queued }) => sum + queued, 0);
  meter.gauge('sluice_inflight_records', { pipeline }, inflight);
  for (const [name, labels] of before) if (!shown.has(name)) for (const of of OF_PARTITIONS) meter.drop(of, labels);
  return shown;
}

/** A connector has one task, or none while it is stopped: Debezium reads a slot with one. */
export function gaugeConnector(
  meter: Meter,
  pipeline: string,
  connector: string,
  state: ConnectorState | null | 'unreachable',
): void {
  const labels = { pipeline, connector };
  const none = state === null ? 'absent' : state;
  const own = typeof none === 'string' ? none : none.state.toLowerCase();
  oneHot(meter, 'sluice_connector_state', labels, 'state', CONNECTOR_STATES, own);
  const task = typeof none === 'string' ? none : (none.tasks[0]?.state.toLowerCase() ?? 'absent');
  oneHot(meter, 'sluice_connector_task_state', { ...labels, task: '0' }, 'state', CONNECTOR_STATES, task);
}

/** The broker's words, and one of ours: it does not answer. */
const CONSUMER_STATES = [...GROUP_STATES, 'unreachable'] as const;

/** @param group null: it could not be asked */
export function gaugeGroup(meter: Meter, pipeline: string, group: GroupReading | null): void {
  const state = group?.state ?? 'unreachable';
  oneHot(meter, 'sluice_consumer_group_state', { pipeline }, 'state', CONSUMER_STATES, state);
  gaugeOrDrop(meter, 'sluice_consumer_group_members', { pipeline }, group?.members ?? null);
  gaugeOrDrop(meter, 'sluice_consumer_group_idle_members', { pipeline }, group?.idle ?? null);
}

/** A slot that is not there is not active, and has no log. */
export function gaugeSlot(meter: Meter, labels: Labels, slot: SlotReading): void {
  oneHot(meter, 'sluice_slot_wal_status', labels, 'status', WAL_STATES, slot.walStatus ?? 'absent');
  meter.gauge('sluice_slot_active', labels, slot.active === true ? 1 : 0);
  const { active, retained, unconfirmed } = slot;
  const bytes = (text: string | null): number | null => (active === null || text === null ? null : Number(text));
  gaugeOrDrop(meter, 'sluice_slot_retained_wal_bytes', labels, bytes(retained));
  gaugeOrDrop(meter, 'sluice_slot_unconfirmed_wal_bytes', labels, bytes(unconfirmed));
  const limit = bytes(slot.walLimit);
  gaugeOrDrop(meter, 'sluice_slot_wal_limit_bytes', labels, limit !== null && limit >= 0 ? limit : null);
}

const OF_FLOWS = [
  'sluice_marks',
  'sluice_intents',
  'sluice_dlq_depth_records',
  'sluice_dlq_oldest_age_seconds',
  'sluice_waiting',
  'sluice_issues',
] as const;

/** What can be said before anything was read: a series that appears with its first bad value is not seen rising. */
export function initialiseGauges(meter: Meter, pipeline: string, migration: Migration): void {
  for (const flow of migration.flows) {
    const labels = { pipeline, flow: flow.name };
    oneHot(meter, 'sluice_flow_verdict', labels, 'verdict', VERDICTS, 'not running');
    oneHot(meter, 'sluice_flow_blame', labels, 'stage', BLAMED, null);
    oneHot(meter, 'sluice_circuit_breaker_state', labels, 'state', BREAKER, 'closed');
    for (const name of OF_FLOWS) meter.gauge(name, labels, 0);
    for (const code of REFUSALS) meter.gauge('sluice_refused', { ...labels, code }, 0);
  }
  for (const kind of GAP_KINDS) meter.gauge('sluice_gap_open', { pipeline, kind }, 0);
  meter.gauge('sluice_inflight_records', { pipeline }, 0);
}

/** The same of what only a live worker looks at: any other process would show it so for ever. */
export function initialiseSource(meter: Meter, pipeline: string): void {
  oneHot(meter, 'sluice_snapshot_state', { pipeline }, 'state', SNAPSHOT_STATES, 'none');
  oneHot(meter, 'sluice_consumer_group_state', { pipeline }, 'state', CONSUMER_STATES, null);
}
