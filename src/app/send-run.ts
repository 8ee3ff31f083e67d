import { SluiceError } from '../core/index.ts';
import { patiently } from '../pipeline/index.ts';
import { PostgresMeasurements } from '../sinks/postgres/index.ts';
import { systemClock } from './clock.ts';
import type { Config } from './config.ts';
import { recordRun } from './gates/record-run.ts';
import { tallyMeter } from './gates/tally.ts';
import { initialiseGauges } from './gauges.ts';
import { reportFigures } from './housekeeping.ts';
import { serveHealth } from './http.ts';
import { ledgerAnswers, lifetime, once } from './lifetime.ts';
import { createLog } from './logger.ts';
import { createMetrics, initialiseCounters } from './metrics.ts';
import { openPipeline } from './pipeline.ts';
import { openProbes } from './probes.ts';
import { pipelineReader } from './readings.ts';
import type { Run } from './run.ts';
import { startSending } from './sending.ts';
import { judge, type PipelineStatus } from './status.ts';
import { openSinks } from './wire.ts';

export interface SendRunOptions {
  readonly migration: string;
  /** the one remote store it sends to, e.g. `fhir` */
  readonly store: string;
  readonly port?: number;
}

/**
 * Starts a process that sends to one remote store what others have derived, and does nothing else: it reads no log.
 * Throws CONFIG_INVALID or SCHEMA_OUTDATED before anything is begun.
 */
export async function startSendRun(config: Config, { migration: named, store, port }: SendRunOptions): Promise<Run> {
  const open = openPipeline(config, named);
  const base = { pipeline: open.name, worker: config.worker };
  const log = createLog({ level: config.logLevel }, base);
  const metrics = createMetrics();
  const clock = systemClock;
  const life = lifetime();
  life.closes(() => open.close());
  try {
    await patiently(() => open.admin.requireSchemas(open.folders), { clock, log });
    initialiseGauges(metrics, open.name, open.migration);
    initialiseCounters(metrics, open.name, open.migration);
    const kinds = [...new Set(open.migration.flows.flatMap(({ targets }) => targets).map(({ kind }) => kind))];
    const sinks = openSinks(
      config,
      open,
      kinds.filter((kind) => kind !== store),
      log,
      metrics,
    );
    if (sinks.size === 0) throw new SluiceError('CONFIG_INVALID', `${named} has no documents for ${store}`);
    for (const sink of sinks.values()) life.closes(() => sink.close());
    const probes = await openProbes(config, named);
    life.closes(() => probes.close());
    const read = pipelineReader(open, probes, clock);
    const status = async (): Promise<PipelineStatus> => judge(open.name, await read(), null, 1);
    const tally = tallyMeter(metrics);
    const sending = startSending(open, sinks, { log, meter: tally, clock, worker: config.worker });
    const ready = async (): Promise<{ ready: boolean; waitingFor: string[] }> => {
      const ledgerUp = await ledgerAnswers(open);
      const waitingFor = [...(ledgerUp ? [] : ['ledger']), ...(sending.ready() ? [] : [store])];
      return { ready: waitingFor.length === 0, waitingFor };
    };
    const stopping = new AbortController();
    life.closes(() => sending.stop());
    const place = { host: config.host, port: port ?? config.port };
    const server = await serveHealth(place, metrics, { live: () => true, ready }, status, log);
    life.closes(() => server.close());
    const unfetched = { partitions: () => [] };
    const figures = reportFigures(
      { open, probes, meter: metrics, clock, signal: stopping.signal, log },
      unfetched,
      read,
    );
    const recorded = recordRun({
      migration: open.name,
      flows: open.migration.flows,
      does: ['deliver'],
      tally,
      measurements: new PostgresMeasurements(open.pool),
      // the workers that land record how the pipeline stands
      status: null,
      gaps: null,
      clock,
      log,
      signal: stopping.signal,
    });
    const stop = async (): Promise<void> => {
      stopping.abort();
      await Promise.all([figures, recorded]);
      await life.closeAll();
      log.info('stopped');
      life.end(null);
    };
    log.info('sending', { target: store });
    return {
      port: server.port,
      ended: life.ended,
      status,
      stop: once(stop),
    };
  } catch (error) {
    await life.closeAll();
    throw error;
  }
}
