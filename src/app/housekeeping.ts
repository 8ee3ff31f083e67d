import { type Clock, type Log, type Meter, opaqueKey } from '../core/index.ts';
import type { Worker } from '../pipeline/index.ts';
import { createDeadLetterMirror } from '../sinks/dead-letters/index.ts';
import { readConnector, reviveConnector } from '../source/index.ts';
import type { Config } from './config.ts';
import { connectorFolder } from './folders.ts';
import { haltCodes, REFUSALS } from './metrics.ts';
import type { OpenPipeline } from './pipeline.ts';
import { type Probes, readPipeline } from './readings.ts';
import { repeat } from './repeat.ts';
import { haltSlotLost } from './slot-watch.ts';
import { judge } from './status.ts';

/** Keeps the gauges of the ledger's figures fresh. */
export function reportFigures(
  open: OpenPipeline,
  worker: Pick<Worker, 'lag'>,
  probes: Probes,
  meter: Meter,
  clock: Clock,
  signal: AbortSignal,
  log: Log,
): Promise<void> {
  const pipeline = open.name;
  return repeat(5_000, clock, signal, log, 'reading figures', async () => {
    const status = judge(pipeline, await readPipeline(open, probes), null, 1);
    if (status.heartbeatAgeSeconds !== null) {
      meter.gauge('sluice_heartbeat_age_seconds', { pipeline }, status.heartbeatAgeSeconds);
    }
    for (const flow of status.flows) {
      const labels = { pipeline, flow: flow.flow };
      if (flow.lagSeconds !== null) meter.gauge('sluice_flow_lag_seconds', labels, flow.lagSeconds);
      meter.gauge('sluice_marks', labels, flow.toDerive);
      meter.gauge('sluice_intents', labels, flow.toSend);
      meter.gauge('sluice_parked', labels, flow.parked);
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
    for (const [name, lag] of worker.lag()) {
      const slash = name.lastIndexOf('/');
      const labels = { pipeline, topic: name.slice(0, slash), partition: name.slice(slash + 1) };
      meter.gauge('sluice_partition_lag_records', labels, Number(lag));
    }
  });
}

const REVIVE_EVERY_MS = 5_000;

/** What Debezium says when the slot is not where its stored offset is: gone, made anew, or moved by somebody. */
const SLOT_DIFFERS = /trying to read change stream starting at/;

/**
 * Restarts failed tasks of the connector: a registry or broker that was away for a moment ends a task for good, and
 * nothing else would notice at night. What fails again is restarted again; the status shows why it fails.
 */
export async function tendConnector(
  config: Config,
  migrationName: string,
  open: OpenPipeline,
  meter: Meter,
  clock: Clock,
  signal: AbortSignal,
  log: Log,
): Promise<void> {
  const definition = await readConnector(connectorFolder, migrationName, config.prefix);
  const labels = { pipeline: open.name };
  return repeat(REVIVE_EVERY_MS, clock, signal, log, 'looking at the connector', async () => {
    const reason = await reviveConnector(definition, config.connect);
    if (reason === null) return;
    if (SLOT_DIFFERS.test(reason)) await haltSlotLost(open, log, 'the connector cannot go on from where the slot is');
    meter.count('sluice_connector_restarts_total', labels);
    log.warn('the connector had failed and was restarted; `sluice connectors status` has the reason');
  });
}

/** Mirrors what is parked to dead-letter topics, for tools that watch topics. The ledger stays the truth. */
export function mirrorParked(
  config: Config,
  open: OpenPipeline,
  clock: Clock,
  signal: AbortSignal,
  log: Log,
): Promise<void> {
  const mirror = createDeadLetterMirror({ brokers: config.kafka, prefix: config.prefix, log });
  const chore = async (): Promise<void> => {
    const items = await open.admin.unmirrored(200);
    if (items.length === 0) return;
    await mirror.mirror(
      items.map((item) => ({
        id: item.id,
        pipeline: open.name,
        flow: item.flow === '' ? item.scope : item.flow,
        kind: item.kind,
        code: item.code,
        keyHash: opaqueKey(item.key),
        topic: item.topic,
        partition: item.partition,
        offset: item.offset,
        at: item.firstAt,
      })),
    );
    await open.admin.markMirrored(items.map((item) => item.id));
  };
  return repeat(2_000, clock, signal, log, 'mirroring parked items', chore).finally(() => mirror.close());
}
