import { type Flow, type Meter, SluiceError } from '../../core/index.ts';
import type { Config } from '../config.ts';
import { serveHealth } from '../http.ts';
import { ledgerAnswers, lifetime, once } from '../lifetime.ts';
import { createLog } from '../logger.ts';
import { createMetrics } from '../metrics.ts';
import { openPipeline } from '../pipeline.ts';
import { openReader } from '../wire.ts';
import { PartlyFailed, Troubles } from './apart.ts';
import { FiguresBetween } from './between.ts';
import { DigestEngine, type DigestOptions, type DigestRound } from './digest.ts';
import { initialise, tellDigest, tellFindings, tellRound } from './metrics.ts';
import { NewestScans } from './newest-scans.ts';
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
    const run: Run = { parts, flows, meter: metrics, options, troubles: new Troubles(log), between, signal };
    const loops = [
      ...(options.engines.has('scan') ? [rounds(run)] : []),
      ...(options.engines.has('digest') ? [digests(run)] : []),
      streaming(run, stream, policies),
      figures(run),
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

/** What the loops of one run have in common. */
interface Run {
  readonly parts: ReconcileParts;
  readonly flows: readonly Flow[];
  readonly meter: Meter;
  readonly options: ReconcileOptions;
  readonly troubles: Troubles;
  readonly between: FiguresBetween;
  readonly signal: AbortSignal;
}

async function rounds({ parts, flows, meter, options, troubles, between, signal }: Run): Promise<void> {
  const scans = new NewestScans(flows);
  while (!signal.aborted) {
    await troubles.patient('a scan', async () => {
      const told = options.onProgress ? { onProgress: options.onProgress } : {};
      const round = await scanRound(parts, { flows, signal, ...told });
      const now = parts.clock.now();
      const newest = scans.took(round, now);
      if (newest) between.took(newest, now);
      if (round.whole) tellRound(meter, parts.open.name, round);
      options.onRound?.(round);
      if (round.failed.size > 0) throw new PartlyFailed(round.failed);
    });
    await parts.clock.sleep(options.everySeconds * 1000, signal);
  }
}

async function digests({ parts, flows, meter, options, troubles, signal }: Run): Promise<void> {
  const engine = new DigestEngine(parts);
  while (!signal.aborted) {
    await troubles.patient('a digest', async () => {
      const told = options.onProgress ? { onProgress: options.onProgress } : {};
      const round = await engine.round({ flows, signal, ...told });
      if (round.whole) tellDigest(meter, parts.open.name, round);
      options.onDigest?.(round);
      if (round.failed.size > 0) throw new PartlyFailed(round.failed);
    });
    await parts.clock.sleep(options.digestEverySeconds * 1000, signal);
  }
}

/** Looks at changes, where that engine runs, and at open findings in any case; repairs do not wait for either. */
async function streaming(
  { parts, meter, troubles, signal }: Run,
  stream: StreamEngine | null,
  policies: RepairPolicies,
): Promise<void> {
  let isStarted = false;
  const pipeline = parts.open.name;
  while (!signal.aborted) {
    await troubles.patient('looking at changes', async () => {
      if (stream === null) return;
      if (!isStarted) await stream.start();
      isStarted = true;
      await stream.round(signal).finally(() => {
        meter.gauge('sluice_recon_waiting_keys', { pipeline }, stream.figures.waiting);
      });
    });
    await troubles.patient('looking at open findings', async () => void (await recheckOpen(parts, 'recheck')));
    await troubles.patient('repairing', async () => {
      for (const [flow, repaired] of await repairByPolicy(parts, policies))
        meter.count('sluice_remediations_total', { pipeline, flow }, repaired);
    });
    await parts.clock.sleep(LOOK_EVERY_MS, signal);
  }
}

async function figures({ parts, flows, meter, troubles, between, signal }: Run): Promise<void> {
  while (!signal.aborted) {
    await troubles.patient('counting findings', async () => {
      await tellFindings(parts, flows, meter);
      await between.record(parts);
    });
    await parts.clock.sleep(FIGURES_EVERY_MS, signal);
  }
}
