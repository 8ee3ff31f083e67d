import {
  type Clock,
  entriesOf,
  type HistoryReader,
  type Log,
  type Target,
  type TargetReader,
} from '../../core/index.ts';
import { FindingStore, HistoryStore, LedgerReading } from '../../sinks/postgres/index.ts';
import { type KeyedRowReader, openCapturedRows, openKeyedRows } from '../../source/index.ts';
import { systemClock } from '../clock.ts';
import type { Config } from '../config.ts';
import type { OpenPipeline } from '../pipeline.ts';
import { openProbes } from '../probes.ts';
import type { ProofParts } from './caught-up.ts';
import { openReaders } from './remote.ts';

/** All that reconciliation reads and writes. */
export interface ReconcileParts extends ProofParts {
  readonly store: FindingStore;
  readonly source: KeyedRowReader;
  /** of targets outside of the ledger's database; those that are missing are not compared */
  readonly readers: ReadonlyMap<Target['kind'], TargetReader>;
  readonly history: HistoryReader | null;
  readonly histories: HistoryStore;
  readonly log: Log;
  readonly clock: Clock;
  /** told of each look at documents: how many of a flow were compared with targets of one kind, and by which engine */
  readonly onCompared?: (engine: string, flow: string, store: Target['kind'], documents: number) => void;
}

export interface OpenReconcileParts extends ReconcileParts {
  close(): Promise<void>;
}

/** @param without kinds of targets that are left alone, e.g. `fhir` */
export async function openParts(
  config: Config,
  name: string,
  open: OpenPipeline,
  without: readonly string[],
  log: Log,
): Promise<OpenReconcileParts> {
  const reader = openCapturedRows(config.sourceUrl(name), 'sluice reconcile');
  const source = openKeyedRows(config.sourceUrl(name));
  const probes = await openProbes(config, name);
  const remote = openReaders(config, open, name, without, log);
  return {
    reader,
    source,
    probes,
    open,
    log,
    clock: systemClock,
    slot: `${config.prefix}sluice_${name}`,
    reading: new LedgerReading(open.pool, { migration: open.migration, pipeline: open.name, schemaSuffix: '' }),
    store: new FindingStore(open.pool, open.name, entriesOf(open.migration)),
    readers: remote.readers,
    history: remote.history,
    histories: new HistoryStore(open.pool, open.name),
    async close() {
      await remote.close();
      await probes.close();
      await source.close();
      await reader.close();
    },
  };
}
