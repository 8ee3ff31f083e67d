import { type Flow, type Sink, SluiceError } from '../core/index.ts';
import { patiently, Worker } from '../pipeline/index.ts';
import { startChores } from './chores.ts';
import { systemClock } from './clock.ts';
import type { Config } from './config.ts';
import { tallyMeter } from './gates/tally.ts';
import { initialiseGauges, initialiseSource } from './gauges.ts';
import { serveHealth } from './http.ts';
import { ledgerAnswers, lifetime, once } from './lifetime.ts';
import { createLog } from './logger.ts';
import { createMetrics, initialiseCounters } from './metrics.ts';
import { runFields, tallyNotes } from './notes.ts';
import { openPipeline } from './pipeline.ts';
import { openProbes } from './probes.ts';
import { pipelineReader } from './readings.ts';
import { judge, type PipelineStatus } from './status.ts';
import { switchesOf } from './supabase/dual-write.ts';
import { openSinks, openSource } from './wire.ts';
import { WORKER_SETTINGS } from './worker-settings.ts';

export interface RunOptions {
  readonly migration: string;
  /** empty: all */
  readonly flows: readonly string[];
  readonly without: readonly string[];
  readonly port?: number;
  /** a shadow's name; its remote documents are kept, not sent */
  readonly shadow?: string;
}

export interface Run {
  readonly port: number;
  /** resolves with null when stopped, with the reason when the process must end by itself */
  readonly ended: Promise<SluiceError | null>;
  status(): Promise<PipelineStatus>;
  stop(): Promise<void>;
}

function pickFlows(all: readonly Flow[], names: readonly string[]): readonly Flow[] {
  if (names.length === 0) return all;
  return names.map((name) => {
    const flow = all.find((candidate) => candidate.name === name);
    if (flow) return flow;
    const known = all.map((candidate) => candidate.name).join(', ');
    throw new SluiceError('CONFIG_INVALID', `there is no flow '${name}'; there is ${known}`);
  });
}

/** Starts one process of a pipeline. Throws CONFIG_INVALID or SCHEMA_OUTDATED before anything is begun. */
export async function startRun(config: Config, options: RunOptions): Promise<Run> {
  const open = openPipeline(config, options.migration, options.shadow);
  const { migration, ledger, admin } = open;
  const base = { pipeline: open.name, worker: config.worker, ...runFields(config, migration) };
  const notes = tallyNotes(createLog({ level: config.logLevel }, base), migration);
  const { log } = notes;
  const metrics = createMetrics();
  const flows = pickFlows(migration.flows, options.flows);
  const life = lifetime();
  life.closes(() => open.close());
  try {
    const clock = systemClock;
    await patiently(() => admin.requireSchemas(open.folders), { clock, log });
    initialiseGauges(metrics, open.name, migration);
    if (!options.shadow) initialiseSource(metrics, open.name);
    initialiseCounters(metrics, open.name, migration);
    const tally = tallyMeter(metrics);
    const switches = switchesOf(open, clock);
    const context = { migration, ledger, log, meter: tally, clock, worker: config.worker, switches };
    const source = openSource(config, open, log, (fatal) => life.end(fatal));
    const sinks: ReadonlyMap<string, Sink> = options.shadow
      ? new Map()
      : openSinks(config, open, options.without, log, metrics);
    for (const sink of sinks.values()) life.closes(() => sink.close());
    const probes = await openProbes(config, options.migration);
    life.closes(() => probes.close());
    const worker = new Worker(context, source.client, source.decoder, sinks, {
      flows,
      ...WORKER_SETTINGS,
    });
    const read = pipelineReader(open, probes, clock);
    const status = async (): Promise<PipelineStatus> => judge(open.name, await read(), null, 1);
    const ready = async (): Promise<{ ready: boolean; waitingFor: string[] }> => {
      const ledgerUp = await ledgerAnswers(open);
      const waitingFor = [...(ledgerUp ? [] : ['ledger']), ...(source.client.generation() > 0 ? [] : ['kafka'])];
      return { ready: waitingFor.length === 0, waitingFor };
    };
    const health = { live: () => true, ready };
    const server = await serveHealth(
      { host: config.host, port: options.port ?? config.port },
      metrics,
      health,
      status,
      log,
    );
    life.closes(() => server.close());
    const stopping = new AbortController();
    const chores = startChores({
      config,
      options,
      open,
      flows,
      worker,
      probes,
      joins: () => source.client.generation(),
      metrics,
      tally,
      switches,
      read,
      status,
      clock,
      log,
      signal: stopping.signal,
    });
    // Joining the group can take as long as a dead member's session, and a SIGTERM may come meanwhile: nobody waits.
    const started = worker.start().then(
      () => {
        notes.open();
        log.info('running', { count: flows.length });
      },
      (error: unknown) =>
        life.end(error instanceof SluiceError ? error : new SluiceError('INTERNAL', 'cannot start', { cause: error })),
    );
    const stop = async (): Promise<void> => {
      stopping.abort();
      await worker.stop();
      await Promise.allSettled([started, ...chores]);
      await life.closeAll();
      notes.close();
      log.info('stopped');
      life.end(null);
    };
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
