import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { type PostgresAddress, urlOf } from './service-database.ts';

export interface SmallDisk {
  /** the tablespace that lies on it */
  readonly tablespace: string;
  /** takes what is left of it */
  fill(): void;
  free(): void;
  /** the databases on it must be gone */
  close(): Promise<void>;
}

/** A file system of a few megabytes with a tablespace on it; or, as text, why there can be none here. */
export async function smallDisk(server: PostgresAddress, megabytes: number): Promise<SmallDisk | string> {
  const root = new pg.Client(urlOf(server, 'postgres'));
  await root.connect();
  const data = (await root.query<{ data_directory: string }>('show data_directory')).rows[0]?.data_directory ?? '';
  const giveUp = async (why: string): Promise<string> => {
    await root.end();
    return why;
  };
  if (process.getuid?.() !== 0) return giveUp('only root can mount a small file system');
  if (!existsSync(data)) return giveUp('PostgreSQL runs elsewhere and would not see a small file system');
  const place = mkdtempSync(join(tmpdir(), 'sluice-disk-'));
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', place]).status !== 0) {
    rmSync(place, { recursive: true });
    return giveUp('mounting is not allowed here');
  }
  const folder = join(place, 'tablespace');
  const { uid, gid } = statSync(data);
  mkdirSync(folder, { mode: 0o700 });
  for (const path of [place, folder]) chownSync(path, uid, gid);
  const tablespace = `small_${randomBytes(4).toString('hex')}`;
  await root.query(`create tablespace ${tablespace} location '${folder}'`);
  const ballast = join(place, 'ballast');
  return {
    tablespace,
    fill: () => fill(ballast),
    free: () => rmSync(ballast, { force: true }),
    async close() {
      await root.query(`drop tablespace ${tablespace}`);
      await root.end();
      spawnSync('umount', [place]);
      rmSync(place, { recursive: true, force: true });
    },
  };
}

function fill(path: string): void {
  const file = openSync(path, 'a');
  try {
    for (const piece of [Buffer.alloc(65_536), Buffer.alloc(4_096)]) while (writeSync(file, piece) === piece.length);
  } catch (error) {
    if ((error as { code?: string }).code !== 'ENOSPC') throw error;
  } finally {
    closeSync(file);
  }
}
