import { GAP_KINDS, opaqueKey } from '../core/index.ts';
import type { Worker } from '../pipeline/index.ts';
import { createDeadLetterMirror } from '../sinks/dead-letters/index.ts';
import { readConnector, reviveConnector } from '../source/index.ts';
import type { Chore } from './chore.ts';
import { connectorFolder } from './folders.ts';
import { openGaps } from './gaps.ts';
import { gaugePartitions, gaugeStatus } from './gauges.ts';
import { repeat } from './repeat.ts';
import { haltSource } from './slot-watch.ts';
import { judge, type Readings } from './status.ts';

const STANDS_STILL_MS = 30_000;

/** Keeps the gauges of the ledger's figures fresh. */
export function reportFigures(
  chore: Omit<Chore, 'config' | 'migration'>,
  worker: Pick<Worker, 'partitions'>,
  read: () => Promise<Readings>,
): Promise<void> {
  const { open, meter, clock } = chore;
  const pipeline = open.name;
  let shown: ReturnType<typeof gaugePartitions> = new Map();
  let before: { readonly readings: Readings; readonly atMs: number } | null = null;
  return repeat(5_000, chore, 'reading figures', async () => {
    const readings = await read();
    const now = clock.now();
    const status = judge(pipeline, readings, before?.readings ?? null, (now - (before?.atMs ?? now)) / 1000);
    // what has not moved for so long stands still, and is not only slow
    if (before === null || now - before.atMs > STANDS_STILL_MS) before = { readings, atMs: now };
    gaugeStatus(meter, status, now);
    meter.gauge('sluice_figures_timestamp_seconds', { pipeline }, now / 1000);
    const holes = new Map(GAP_KINDS.map((kind) => [kind as string, 0]));
    for (const { kind } of await openGaps(open).list(true)) holes.set(kind, (holes.get(kind) ?? 0) + 1);
    for (const [kind, count] of holes) meter.gauge('sluice_gap_open', { pipeline, kind }, count);
    shown = gaugePartitions(meter, pipeline, worker.partitions(), shown);
  });
}

const REVIVE_EVERY_MS = 5_000;

/** What Debezium says when the slot is not where its stored offset is: gone, made anew, or moved by somebody. */
const SLOT_DIFFERS = /trying to read change stream starting at/;

/**
 * Restarts failed tasks of the connector: a registry or broker that was away for a moment ends a task for good, and
 * nothing else would notice at night. What fails again is restarted again; the status shows why it fails.
 */
export async function tendConnector(chore: Chore): Promise<void> {
  const { config, migration, open, meter, log } = chore;
  const definition = await readConnector(connectorFolder, migration, config.prefix);
  const labels = { pipeline: open.name };
  return repeat(REVIVE_EVERY_MS, chore, 'looking at the connector', async () => {
    const reason = await reviveConnector(definition, config.connect);
    if (reason === null) return;
    if (SLOT_DIFFERS.test(reason))
      await haltSource(open, log, { code: 'SLOT_LOST', reason: 'the connector cannot go on from where the slot is' });
    meter.count('sluice_connector_restarts_total', labels);
    log.warn('the connector had failed and was restarted; `sluice connectors status` has the reason');
  });
}

/** Mirrors what is parked to dead-letter topics, for tools that watch topics. The ledger stays the truth. */
export function mirrorParked(chore: Chore): Promise<void> {
  const { config, open, log } = chore;
  const mirror = createDeadLetterMirror({ brokers: config.kafka, prefix: config.prefix, log });
  const mirrorSome = async (): Promise<void> => {
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
  return repeat(2_000, chore, 'mirroring parked items', mirrorSome).finally(() => mirror.close());
}
