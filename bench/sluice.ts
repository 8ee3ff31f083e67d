import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { openPool, PipelineAdmin } from '../src/sinks/postgres/index.ts';
import type { Contest, Contestant } from './contestant.ts';
import { connect, dropDatabase, makeDatabase, type Place, urlOf } from './place.ts';
import { VISIT_SQL_FOLDER, visitMigration, type Way } from './visit.ts';

const WORKER = fileURLToPath(new URL('./sluice-worker.js', import.meta.url));

/** What the worker's process is told. */
export interface WorkerCall {
  readonly migration: string;
  /** also the ledger's and the consumer group's */
  readonly pipeline: string;
  readonly servicesUrl: string;
  readonly way: Way;
}

/** A process that runs a worker whenever it is told to. */
class WorkerProcess {
  readonly #child: ChildProcess;

  constructor(profile?: string) {
    const profiling = profile === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', profile];
    this.#child = spawn(process.execPath, [...profiling, WORKER], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    // this process may be cut off in the middle of a round
    const orphaned = (): unknown => this.#child.kill('SIGKILL');
    process.once('exit', orphaned);
    this.#child.once('exit', (code) => {
      process.removeListener('exit', orphaned);
      if (code !== 0) process.stderr.write(`bench: the worker ended with ${code}\n`);
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** null ends what runs */
  async tell(call: WorkerCall | null): Promise<void> {
    const done = once(this.#child, 'message', { signal: AbortSignal.timeout(60_000) });
    this.#child.send({ call });
    await done;
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await ended;
  }
}

/** The real worker on a ledger database of its own, anew each round; one process for all rounds, as Connect is one. */
export function sluiceContestant(place: Place, way: Way): Contestant {
  const database = `${place.prefix}sluice_${way}`;
  let kept: WorkerProcess | null = null;
  const processFor = (profile: string | undefined): WorkerProcess => {
    if (profile !== undefined) return new WorkerProcess(profile);
    kept ??= new WorkerProcess();
    return kept;
  };
  return {
    name: way === 'copied' ? 'Sluice' : 'Sluice, landed',
    async begin(round, profile): Promise<Contest> {
      await makeDatabase(place, database);
      const call = {
        migration: place.migration,
        pipeline: `${place.prefix}${way}${round}`,
        way,
        servicesUrl: urlOf(place, database),
      };
      const pool = openPool(call.servicesUrl, 2);
      const admin = new PipelineAdmin(pool, visitMigration(call.migration, way), call.pipeline);
      await admin.applySchemas([{ schema: 'bench', folder: VISIT_SQL_FOLDER }]);
      await pool.end();
      const target = await connect(place, database);
      const worker = processFor(profile);
      await worker.tell(call);
      return {
        pid: worker.pid,
        target,
        table: 'bench.visit',
        pause: () => worker.tell(null),
        resume: () => worker.tell(call),
        async close() {
          await worker.tell(null);
          if (profile !== undefined) await worker.end();
          await target.end();
        },
      };
    },
    async close() {
      await kept?.end();
      await dropDatabase(place, database);
    },
  };
}
