import { type ChildProcess, spawn } from 'node:child_process';
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

function spawnWorker(call: WorkerCall, profile: string | undefined): ChildProcess {
  const profiling = profile === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', profile];
  const child = spawn(process.execPath, [...profiling, WORKER, JSON.stringify(call)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  // this process may be cut off in the middle of a round
  const orphaned = (): unknown => child.kill('SIGKILL');
  process.once('exit', orphaned);
  child.once('exit', (code) => {
    process.removeListener('exit', orphaned);
    if (code !== 0) process.stderr.write(`bench: the worker ended with ${code}\n`);
  });
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}

/** The real worker on a ledger database of its own, anew each round. */
export function sluiceContestant(place: Place, way: Way): Contestant {
  const database = `${place.prefix}sluice_${way}`;
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
      let child = spawnWorker(call, profile);
      return {
        get pid() {
          return child.pid ?? 0;
        },
        target,
        table: 'bench.visit',
        pause: () => end(child),
        async resume() {
          child = spawnWorker(call, undefined);
        },
        async close() {
          await end(child);
          await target.end();
        },
      };
    },
    close: () => dropDatabase(place, database),
  };
}
