import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { ERROR_CODES, type ErrorCode, type Labels, type Meter, type Migration } from '../core/index.ts';

type Kind = 'counter' | 'gauge' | 'histogram';

interface Figure {
  readonly kind: Kind;
  readonly labels: readonly string[];
  readonly help: string;
}

const figure = (kind: Kind, labels: string, help: string): Figure => ({
  kind,
  labels: labels === '' ? [] : labels.split(' '),
  help,
});

/** Every metric there is; docs/metrics.md is checked against this list. Labels never hold a key or a row's value. */
export const FIGURES: Readonly<Record<string, Figure>> = {
  sluice_build_info: figure('gauge', 'version', 'Always 1; its absence means that no worker is scraped'),
  sluice_events_total: figure(
    'counter',
    'pipeline table result',
    'Change events by what landing made of them: landed, stale, parked',
  ),
  sluice_land_seconds: figure('histogram', 'pipeline table', 'Time of one landing transaction, decoding included'),
  sluice_roots_total: figure(
    'counter',
    'pipeline flow result',
    'Roots by what deriving made of them: derived, waiting, parked',
  ),
  sluice_derive_seconds: figure('histogram', 'pipeline flow', 'Time of one deriving transaction'),
  sluice_documents_written_total: figure('counter', 'pipeline flow', 'Documents whose content changed'),
  sluice_deliveries_total: figure('counter', 'pipeline flow target result', 'Documents sent, by outcome'),
  sluice_deliver_seconds: figure('histogram', 'pipeline target', 'Time of one batch sent to a remote target'),
  sluice_commit_to_derive_seconds: figure(
    'histogram',
    'pipeline flow',
    'Source commit to the deriving transaction, where PostgreSQL targets are written',
  ),
  sluice_commit_to_apply_seconds: figure(
    'histogram',
    'pipeline flow target',
    'Source commit to the acknowledgement of a remote target',
  ),
  sluice_notes_total: figure(
    'counter',
    'pipeline flow code',
    "Lines of a migration's own log, by code, e.g. DM_ETL_008",
  ),
  sluice_record_seconds: figure(
    'histogram',
    'pipeline flow',
    'Time of deriving one record, where a migration has a log of its own',
  ),
  sluice_partition_lag_records: figure('gauge', 'pipeline topic partition', 'Records in the log and not landed'),
  sluice_flow_lag_seconds: figure(
    'gauge',
    'pipeline flow',
    'Age of the oldest source commit not yet at its target; 0 when none is owed',
  ),
  sluice_heartbeat_age_seconds: figure(
    'gauge',
    'pipeline',
    'Age of the newest heartbeat row landed: right in idle, too',
  ),
  sluice_marks: figure('gauge', 'pipeline flow', 'Roots to derive'),
  sluice_intents: figure('gauge', 'pipeline flow', 'Documents to send'),
  sluice_parked: figure('gauge', 'pipeline flow', 'Parked records, roots and documents'),
  sluice_waiting: figure('gauge', 'pipeline flow', 'Roots waiting for a row they belong to'),
  sluice_documents: figure(
    'gauge',
    'pipeline flow',
    "Documents the targets should hold; of a copied table the planner's estimate of its rows",
  ),
  sluice_refused: figure(
    'gauge',
    'pipeline flow code',
    'Parked documents, by why they are not at their remote target; DOCUMENT_INVALID: what validation before sending refuses',
  ),
  sluice_issues: figure('gauge', 'pipeline flow', 'Roots with something odd noted'),
  sluice_halted: figure('gauge', 'pipeline code', 'Flows and partitions halted, by code'),
  sluice_connector_restarts_total: figure('counter', 'pipeline', 'Failed connector tasks that were restarted'),
  sluice_target_ready: figure(
    'gauge',
    'pipeline target',
    '1 when a remote target was reached and honours the write guard',
  ),
  sluice_slot_retained_bytes: figure('gauge', 'pipeline slot', 'Write-ahead log the source keeps for the slot'),
  sluice_slot_unconfirmed_bytes: figure('gauge', 'pipeline slot', 'Write-ahead log not yet confirmed by the connector'),
  sluice_slot_active: figure('gauge', 'pipeline slot', '1 when a connector reads the slot'),
};

const SYNC = 'pipeline environment workspace target';

/** What commands that end write into a file for a collector of text files; docs/metrics.md is checked against it, too. */
export const FILE_FIGURES: Readonly<Record<string, Figure>> = {
  sluice_sync_running: figure('gauge', SYNC, '1 while a full sync runs, 0 when it ended'),
  sluice_sync_complete: figure('gauge', SYNC, '1 when the last full sync went from the first service to the last code'),
  sluice_sync_started_timestamp_seconds: figure('gauge', SYNC, 'When the last full sync began'),
  sluice_sync_finished_timestamp_seconds: figure('gauge', SYNC, 'When it ended; no series while it runs'),
  sluice_sync_seconds: figure('gauge', SYNC, 'How long the last full sync took, or has taken up to now'),
  sluice_sync_counts: figure('gauge', `${SYNC} type`, 'Services by outcome and by transformer, and triage codes'),
  sluice_sync_setbacks: figure('gauge', `${SYNC} why`, 'Requests of the last full sync that were sent again'),
  sluice_sync_record_p95_seconds: figure('gauge', SYNC, '95 of 100 services took at most so long'),
  sluice_sync_error_ratio: figure('gauge', `${SYNC} of`, 'Failed ones of services, and of triage codes'),
  sluice_sync_anomalies: figure(
    'gauge',
    SYNC,
    'Counts that moved more than they may since the last complete run; no series where there was none',
  ),
  sluice_gate_pass: figure('gauge', 'profile gate', '1 when the clause held when it was last judged, else 0'),
};

const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 1800];

export interface Metrics extends Meter {
  text(): Promise<string>;
  readonly contentType: string;
}

export function createMetrics(version: string): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const counters = new Map<string, Counter>();
  const gauges = new Map<string, Gauge>();
  const histograms = new Map<string, Histogram>();
  for (const [name, { kind, labels, help }] of Object.entries(FIGURES)) {
    const options = { name, help, labelNames: [...labels], registers: [registry] };
    if (kind === 'counter') counters.set(name, new Counter(options));
    else if (kind === 'gauge') gauges.set(name, new Gauge(options));
    else histograms.set(name, new Histogram({ ...options, buckets: BUCKETS }));
  }
  gauges.get('sluice_build_info')?.set({ version }, 1);
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    count: (name, labels, by = 1) => pick(counters, name).inc({ ...labels }, by),
    gauge: (name, labels, value) => pick(gauges, name).set({ ...labels }, value),
    observe: (name, labels, value) => pick(histograms, name).observe({ ...labels }, value),
  };
}

/** A value of a figure that is written to a file. */
export interface Sample {
  readonly name: keyof typeof FILE_FIGURES;
  readonly labels: Labels;
  readonly value: number;
}

/** The figures of a command, as a collector of text files reads them. */
export async function fileText(samples: readonly Sample[]): Promise<string> {
  const registry = new Registry();
  const gauges = new Map<string, Gauge>();
  for (const { name } of samples) {
    const declared = FILE_FIGURES[name];
    if (!declared || gauges.has(name)) continue;
    const { help, labels } = declared;
    gauges.set(name, new Gauge({ name, help, labelNames: [...labels], registers: [registry] }));
  }
  for (const { name, labels, value } of samples) pick(gauges, name).set({ ...labels }, value);
  return registry.metrics();
}

function pick<T>(figures: ReadonlyMap<string, T>, name: string): T {
  const found = figures.get(name);
  if (!found) throw new RangeError(`no metric ${name} is declared`);
  return found;
}

/** Counters start at 0, or the first parked record would be invisible to a rate. */
export function initialiseCounters(meter: Meter, pipeline: string, migration: Migration): void {
  const zero = (name: string, labels: Labels): void => meter.count(name, labels, 0);
  for (const table of migration.tables) {
    for (const result of ['landed', 'stale', 'parked'])
      zero('sluice_events_total', { pipeline, table: table.name, result });
  }
  for (const flow of migration.flows) {
    for (const code of migration.notes?.rated ?? []) zero('sluice_notes_total', { pipeline, flow: flow.name, code });
    for (const result of ['derived', 'waiting', 'parked'])
      zero('sluice_roots_total', { pipeline, flow: flow.name, result });
    for (const target of flow.targets) {
      if (target.kind === 'postgres') continue;
      for (const result of ['applied', 'superseded', 'retry', 'waiting', 'park']) {
        zero('sluice_deliveries_total', { pipeline, flow: flow.name, target: target.name, result });
      }
    }
  }
  zero('sluice_connector_restarts_total', { pipeline });
  for (const code of haltCodes()) meter.gauge('sluice_halted', { pipeline, code }, 0);
}

/** Why a document for a remote target is parked. */
export const REFUSALS = [
  'DOCUMENT_INVALID',
  'TARGET_REFUSED',
  'FOREIGN_WRITER',
  'PARENT_MISSING',
] as const satisfies readonly ErrorCode[];

export const haltCodes = (): string[] =>
  Object.entries(ERROR_CODES).flatMap(([code, [disposition]]) => (disposition === 'halt' ? [code] : []));
