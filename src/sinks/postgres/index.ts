import pg from 'pg';
import type { Migration } from '../../core/index.ts';
import { ledgerContext } from './context.ts';
import { PostgresLedger } from './ledger.ts';

export { PipelineAdmin, type SchemaFolder } from './admin.ts';
export { classify } from './classify.ts';
export type { FlowFigures, PartitionFigures } from './figures.ts';
export { PostgresGaps } from './gaps.ts';
export { PostgresGateRecords } from './gate-records.ts';
export { PostgresMeasurementWindow } from './measurement-window.ts';
export { type MeasuredFigure, PostgresMeasurements } from './measurements.ts';
export { type OutboxRow, PostgresOutbox } from './outbox.ts';
export type { ParkedFilter, ParkedItem } from './parked.ts';
export { ShadowSwitch } from './shadow-switch.ts';
export { PostgresShadows, type ShadowRecord } from './shadows.ts';

export interface LedgerOptions {
  readonly migration: Migration;
  readonly pipeline: string;
  /** '' for the live run */
  readonly schemaSuffix: string;
}

/** A pool for the service database. Timestamps are read as text by our own statements, so no parser is changed. */
export function openPool(connectionString: string, size: number): pg.Pool {
  const pool = new pg.Pool({
    connectionString,
    max: size,
    application_name: 'sluice',
    // statements that do not wait for each other's answers go out together
    pipeline: true,
    connectionTimeoutMillis: 10_000,
    // a worker that was frozen in mid-transaction holds rows and roots that others wait for
    idle_in_transaction_session_timeout: 30_000,
  });
  // An idle connection that dies is replaced on the next use; without a listener it would end the process.
  pool.on('error', () => undefined);
  // Nor does one that dies in the very moment it is handed out: its end can come in one packet with its readiness,
  // before anybody can listen. The next statement on it says that it is gone.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

export function openLedger(pool: pg.Pool, options: LedgerOptions): PostgresLedger {
  return new PostgresLedger(pool, ledgerContext(options.pipeline, options.migration, options.schemaSuffix));
}

export { PostgresLedger } from './ledger.ts';
export { DigestStore } from './reconcile/digest-store.ts';
export { type FindingCount, FindingStore, type NewFinding } from './reconcile/findings.ts';
export { HistoryStore } from './reconcile/histories.ts';
export { LedgerReading } from './reconcile/reading.ts';
