import { type Flow, type Meter, SluiceError } from '../../core/index.ts';
import type { Config } from '../config.ts';
import { serveHealth } from '../http.ts';
import { ledgerAnswers, lifetime, once } from '../lifetime.ts';
import { createLog } from '../logger.ts';
import { createMetrics } from '../metrics.ts';
import { openPipeline } from '../pipeline.ts';
import { openReader } from '../wire.ts';
import { FiguresBetween } from './between.ts';
import { DigestEngine, type DigestOptions, type DigestRound } from './digest.ts';
import { initialise, tellDigest, tellFindings, tellRound } from './metrics.ts';
import { openParts, type ReconcileParts } from './parts.ts';
import { recheckOpen } from './recheck.ts';
import { type RepairPolicies, readPolicies, repairByPolicy } from './repair.ts';
import { type Round, scanRound } from './round.ts';
import { StreamEngine } from './stream.ts';

export interface ReconcileOptions {
  readonly migration: string;
  /** empty: all */
  readonly flows: readonly string[];
  readonly without: readonly string[];
  readonly engines: ReadonlySet<Engine>;
  readonly everySeconds: number;
  readonly digestEverySeconds: number;
  readonly repair: string;
  readonly port: number;
  readonly onProgress?: DigestOptions['onProgress'];
  readonly onRound?: (round: Round) => void;
  readonly onDigest?: (round: DigestRound) => void;
}

export const ENGINES = ['stream', 'scan', 'digest'] as const;
export type Engine = (typeof ENGINES)[number];

/** `stream,scan`. Throws CONFIG_INVALID. */
export function readEngines(text: string): ReadonlySet<Engine> {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !(ENGINES as readonly string[]).includes(name));
  if (unknown === undefined) return new Set(names as Engine[]);
  throw new SluiceError('CONFIG_INVALID', `--engines: there is no engine '${unknown}'; there is ${ENGINES.join(', ')}`);
}

export interface ReconcileRun {
  readonly port: number;
  readonly ended: Promise<SluiceError | null>;
  stop(): Promise<void>;
}

const LOOK_EVERY_MS = 1_000;
const FIGURES_EVERY_MS = 5_000;

/** Those of the flows that were named. Throws CONFIG_INVALID. */
export function flowsNamed(all: readonly Flow[], names: readonly string[]): readonly Flow[] {
  if (names.length === 0) return all;
  return names.map((name) => {
    const flow = all.find((one) => one.name === name);
    if (flow) return flow;
    throw new SluiceError(
      'CONFIG_INVALID',
      `there is no flow '${name}'; there is ${all.map((one) => one.name).join(', ')}`,
    );
  });
}

/** Compares until stopped: a scan every so often, each change when it has been applied, open findings all the time. */
export async function startReconcile(config: Config, options: ReconcileOptions): Promise<ReconcileRun> {
  const open = openPipeline(config, options.migration);
  const log = createLog({ level: config.logLevel }, { pipeline: open.name, worker: 'reconcile' });
  const life = lifetime();
  life.closes(() => open.close());
  try {
    await open.admin.requireSchemas(open.folders);
    const flows = flowsNamed(open.migration.flows, options.flows);
    const policies = readPolicies(
      options.repair,
      open.migration.flows.map(({ name }) => name),
    );
    const metrics = createMetrics();
    initialise(metrics, open.name, flows, options.engines.has('stream'));
    const opened = await openParts(config, options.migration, open, options.without, log);
    life.closes(() => opened.close());
    const parts: ReconcileParts = {
      ...opened,
      onCompared: (engine, flow, store, n) =>
        metrics.count('sluice_recon_compared_total', { pipeline: open.name, flow, engine, store }, n),
    };
    const stream = options.engines.has('stream') ? openStream(config, parts) : null;
    life.closes(async () => stream?.close());
    const ready = async () => ({ ready: await ledgerAnswers(open), waitingFor: [] });
    const server = await serveHealth(
      { host: config.host, port: options.port },
      metrics,
      { live: () => true, ready },
      async () => ({ pipeline: open.name, findings: await parts.store.counts() }),
      log,
    );
    life.closes(() => server.close());
    const stopping = new AbortController();
    const { signal } = stopping;
    const between = new FiguresBetween();
    const loops = [
      ...(options.engines.has('scan') ? [rounds(parts, flows, metrics, options, between, signal)] : []),
      ...(options.engines.has('digest') ? [digests(parts, flows, metrics, options, signal)] : []),
      streaming(parts, stream, policies, metrics, signal),
      figures(parts, flows, metrics, between, signal),
    ];
    const stop = async (): Promise<void> => {
      stopping.abort();
      await Promise.allSettled(loops);
      await life.closeAll();
      life.end(null);
    };
    return { port: server.port, ended: life.ended, stop: once(stop) };
  } catch (error) {
    await life.closeAll();
    throw error;
  }
}

function openStream(config: Config, parts: ReconcileParts): StreamEngine {
  const { open, log } = parts;
  const source = openReader(config, open.migration, `sluice.reconcile.${open.name}`, log);
  return new StreamEngine(parts, source.client, source.decoder);
}

async function patient(parts: ReconcileParts, what: string, work: () => Promise<void>): Promise<void> {
  await work().catch((error: unknown) => {
    const code = error instanceof SluiceError ? error.code : 'INTERNAL';
    parts.log.warn(`${what} failed, tried again later`, { code });
    if (code === 'INTERNAL') parts.log.error(what, { code }, error);
  });
}

async function rounds(
  parts: ReconcileParts,
  flows: readonly Flow[],
  meter: Meter,
  options: ReconcileOptions,
  between: FiguresBetween,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await patient(parts, 'a scan', async () => {
      const told = options.onProgress ? { onProgress: options.onProgress } : {};
      const round = await scanRound(parts, { flows, signal, ...told });
      between.took(round, parts.clock.now());
      if (round.whole) tellRound(meter, parts.open.name, round);
      options.onRound?.(round);
    });
    await parts.clock.sleep(options.everySeconds * 1000, signal);
  }
}

async function digests(
  parts: ReconcileParts,
  flows: readonly Flow[],
  meter: Meter,
  options: ReconcileOptions,
  signal: AbortSignal,
): Promise<void> {
  const engine = new DigestEngine(parts);
  while (!signal.aborted) {
    await patient(parts, 'a digest', async () => {
      const told = options.onProgress ? { onProgress: options.onProgress } : {};
      const round = await engine.round({ flows, signal, ...told });
      if (round.whole) tellDigest(meter, parts.open.name, round);
      options.onDigest?.(round);
    });
    await parts.clock.sleep(options.digestEverySeconds * 1000, signal);
  }
}

/** Looks at changes, where that engine runs, and at open findings in any case. */
async function streaming(
  parts: ReconcileParts,
  stream: StreamEngine | null,
  policies: RepairPolicies,
  meter: Meter,
  signal: AbortSignal,
): Promise<void> {
  let isStarted = false;
  const pipeline = parts.open.name;
  while (!signal.aborted) {
    await patient(parts, 'looking at changes', async () => {
      if (stream === null) return;
      if (!isStarted) await stream.start();
      isStarted = true;
      await stream.round(signal);
      meter.gauge('sluice_recon_waiting_keys', { pipeline }, stream.figures.waiting);
    });
    await patient(parts, 'looking at open findings', async () => {
      await recheckOpen(parts, 'recheck');
      for (const [flow, repaired] of await repairByPolicy(parts, policies))
        meter.count('sluice_remediations_total', { pipeline, flow }, repaired);
    });
    await parts.clock.sleep(LOOK_EVERY_MS, signal);
  }
}

async function figures(
  parts: ReconcileParts,
  flows: readonly Flow[],
  meter: Meter,
  between: FiguresBetween,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await patient(parts, 'counting findings', async () => {
      await tellFindings(parts, flows, meter);
      await between.record(parts);
    });
    await parts.clock.sleep(FIGURES_EVERY_MS, signal);
  }
}
