import { readFileSync } from 'node:fs';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import {
  ERROR_CODES,
  type ErrorCode,
  GAP_KINDS,
  LAG_STAGES,
  type Labels,
  type Meter,
  type Migration,
} from '../core/index.ts';

import { FIGURES, FILE_FIGURES } from './figures.ts';

const VERSION = '0.1.0';

/** Written beside the code by the build; a release made of files without a repository has none. */
const COMMIT = readCommit(new URL('../commit.txt', import.meta.url));

const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 1800];

export interface Metrics extends Meter {
  /** makes the series of a histogram without observing anything */
  zero(name: string, labels: Labels): void;
  text(): Promise<string>;
  readonly contentType: string;
}

export function createMetrics(version = VERSION, commit = COMMIT): Metrics {
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
  gauges.get('sluice_build_info')?.set({ version, commit }, 1);
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    count: (name, labels, by = 1) => pick(counters, name).inc({ ...labels }, by),
    gauge: (name, labels, value) => pick(gauges, name).set({ ...labels }, value),
    drop: (name, labels) => pick(gauges, name).remove({ ...labels }),
    zero: (name, labels) => pick(histograms, name).zero({ ...labels }),
    observe(name, labels, value, times = 1) {
      const histogram = pick(histograms, name);
      if (times === 1) histogram.observe({ ...labels }, value);
      else {
        // It takes one at a time, at under a microsecond each; only changes of large batches stand for more than themselves.
        const series = histogram.labels({ ...labels });
        for (let n = 0; n < times; n += 1) series.observe(value);
      }
    },
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

/** Counters and histograms start at 0, or the first parked record would be invisible to a rate. */
export function initialiseCounters(meter: Metrics, pipeline: string, migration: Migration): void {
  const zero = (name: string, labels: Labels): void => meter.count(name, labels, 0);
  for (const table of migration.tables) {
    for (const result of ['landed', 'stale', 'parked'])
      zero('sluice_events_total', { pipeline, table: table.name, result });
    zero('sluice_snapshot_rows_total', { pipeline, table: table.name });
    meter.zero('sluice_land_seconds', { pipeline, table: table.name });
  }
  for (const flow of migration.flows) {
    meter.zero('sluice_e2e_latency_seconds', { pipeline, flow: flow.name, target: 'postgres' });
    meter.zero('sluice_derive_seconds', { pipeline, flow: flow.name });
    zero('sluice_documents_written_total', { pipeline, flow: flow.name });
    for (const stage of LAG_STAGES) meter.zero('sluice_stage_duration_seconds', { pipeline, flow: flow.name, stage });
    for (const code of migration.notes?.rated ?? []) zero('sluice_notes_total', { pipeline, flow: flow.name, code });
    for (const result of ['derived', 'waiting', 'parked', 'failed'])
      zero('sluice_roots_total', { pipeline, flow: flow.name, result });
    for (const target of flow.targets) {
      if (target.kind === 'postgres') continue;
      meter.zero('sluice_e2e_latency_seconds', { pipeline, flow: flow.name, target: target.name });
      for (const outcome of ['applied', 'superseded', 'retry', 'waiting', 'park']) {
        zero('sluice_target_writes_total', { pipeline, flow: flow.name, target: target.name, outcome });
      }
    }
  }
  for (const target of remoteStores(migration))
    meter.zero('sluice_target_write_duration_seconds', { pipeline, target });
  zero('sluice_connector_restarts_total', { pipeline });
  zero('sluice_consumer_rebalances_total', { pipeline });
  for (const reason of PARKING) zero('sluice_dlq_records_total', { pipeline, reason });
  for (const kind of GAP_KINDS) zero('sluice_gap_detected_total', { pipeline, kind });
  for (const code of haltCodes()) meter.gauge('sluice_halted', { pipeline, code }, 0);
}

/** First parts of the names of remote targets, e.g. `fhir`: a batch for them goes to one of these. */
function remoteStores({ flows }: Migration): ReadonlySet<string> {
  const remote = flows.flatMap(({ targets }) => targets.filter(({ kind }) => kind !== 'postgres'));
  return new Set(remote.map(({ name }) => name.slice(0, name.indexOf('.'))));
}

/** Why a document for a remote target is parked. */
export const REFUSALS = [
  'DOCUMENT_INVALID',
  'TARGET_REFUSED',
  'FOREIGN_WRITER',
  'PARENT_MISSING',
] as const satisfies readonly ErrorCode[];

/** Why anything is parked: what the code itself says, and a parent that was waited for in vain. */
const PARKING: readonly string[] = [
  ...Object.entries(ERROR_CODES).flatMap(([code, [disposition]]) => (disposition === 'park' ? [code] : [])),
  'PARENT_MISSING',
];

export const haltCodes = (): string[] =>
  Object.entries(ERROR_CODES).flatMap(([code, [disposition]]) => (disposition === 'halt' ? [code] : []));

function readCommit(file: URL): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return 'unknown';
  }
}
