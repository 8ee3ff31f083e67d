import { type Clock, topicOf } from '../core/index.ts';
import type { CaptureState } from '../source/index.ts';
import { type LogProbe, readEnds } from './log-ends.ts';
import { OwedFor } from './owed-for.ts';
import type { OpenPipeline } from './pipeline.ts';
import type { Readings } from './status.ts';

/** The row every connector writes by itself, so that silence can be told from idleness. */
export const HEARTBEAT_TABLE = 'sluice_cdc.heartbeat';

export interface Probes extends LogProbe {
  /** of a partition the first record with a later timestamp, its end when there is none; null when there is no such topic */
  offsetAfter(topic: string, partition: number, timestampMs: number): Promise<bigint | null>;
  /** one word or line on the connector; rejects when Connect is away */
  connector(): Promise<string>;
  /** the epoch the connector is to write now, null when there is no connector; rejects when Connect is away */
  epoch(): Promise<number | null>;
  /** the connector's place in the source's log; null when there is no connector; rejects when Connect is away */
  capture(): Promise<CaptureState | null>;
}

/** Reads what a verdict is made of. What cannot be asked is unknown, never assumed to be well. */
export async function readPipeline(open: OpenPipeline, probes: Probes): Promise<Readings> {
  const { migration, admin, ledger } = open;
  const heartbeatTopic = topicOf(migration.name, HEARTBEAT_TABLE);
  const topics = [...migration.tables.map((table) => topicOf(migration.name, table.name)), heartbeatTopic];
  // The way a change goes, one after the other: what has not arrived at one of them is seen there or at a later one. At
  // once, a change that lands meanwhile would be missed by those before it and by those behind.
  const connecting = probes.connector().catch(() => null);
  const ends = await readEnds(probes, topics).catch(() => null);
  const partitions = await admin.partitions();
  const [flows, halts, connector] = await Promise.all([admin.flows(), ledger.halts(), connecting]);
  return { migration, flows, partitions, ends, halts, connector, heartbeatTopic, owedFor: new Map() };
}

/** Reads a pipeline again and again, and so knows better since when it owes what it does. */
export function pipelineReader(open: OpenPipeline, probes: Probes, clock: Clock): () => Promise<Readings> {
  const memory = new OwedFor();
  return async () => {
    const at = clock.now();
    const readings = await readPipeline(open, probes);
    return { ...readings, owedFor: memory.see(readings.ends, readings.partitions, at) };
  };
}
