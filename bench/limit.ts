import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { openPool, PipelineAdmin } from '../src/sinks/postgres/index.ts';
import type { Contest, Contestant } from './contestant.ts';
import { connect, dropDatabase, makeDatabase, type Place, urlOf } from './place.ts';
import { VISIT_SQL_FOLDER, visitMigration } from './visit.ts';

const FEEDER = fileURLToPath(new URL('./limit-feeder.js', import.meta.url));

export const LIMIT_NAME = 'PostgreSQL alone';

/** PostgreSQL by itself: the statements of a copied table with their parameters ready in memory, on two connections. */
export function limitContestant(place: Place): Contestant {
  const database = `${place.prefix}limit`;
  return {
    name: LIMIT_NAME,
    async begin(round): Promise<Contest> {
      await makeDatabase(place, database);
      const call = {
        migration: place.migration,
        pipeline: `${place.prefix}limit${round}`,
        servicesUrl: urlOf(place, database),
        way: 'copied' as const,
      };
      const pool = openPool(call.servicesUrl, 2);
      const admin = new PipelineAdmin(pool, visitMigration(call.migration, call.way), call.pipeline);
      await admin.applySchemas([{ schema: 'bench', folder: VISIT_SQL_FOLDER }]);
      await pool.end();
      const target = await connect(place, database);
      const child = spawn(process.execPath, [FEEDER, JSON.stringify(call)], { stdio: ['ignore', 'ignore', 'inherit'] });
      const orphaned = (): unknown => child.kill('SIGKILL');
      process.once('exit', orphaned);
      child.once('exit', () => process.removeListener('exit', orphaned));
      return {
        pid: child.pid ?? 0,
        target,
        table: 'bench.visit',
        pause: async () => undefined,
        resume: async () => undefined,
        async close() {
          child.kill('SIGKILL');
          await target.end();
        },
      };
    },
    close: () => dropDatabase(place, database),
  };
}
