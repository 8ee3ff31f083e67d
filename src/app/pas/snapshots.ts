import { createHash, randomUUID } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SluiceError } from '../../core/index.ts';
import { compareTable, type TableDifference } from './compare-tables.ts';
import { readQualityReport } from './gate-report.ts';
import { runIn } from './run.ts';

/** What a snapshot holds. Keys are not in it: record numbers are never taken back. */
const CONTENT = [
  'target',
  'lineage',
  'rejects.csv',
  'issues.csv',
  'completeness.csv',
  'quality.json',
  'gates.json',
  'run.json',
];
const ID = /^\d{8}T\d{9}Z-[0-9a-f]{8}(-[a-z0-9-]{1,40})?$/;

export interface Snapshot {
  readonly id: string;
  readonly label: string;
  readonly kept_at_utc: string;
  readonly run_id: string;
  readonly profile: string;
  readonly figures: Readonly<Record<string, unknown>> | null;
  /** File to the hash of its content. */
  readonly files: Readonly<Record<string, string>>;
}

const home = (folder: string): string => join(folder, 'snapshots');

/** Copies the run in a folder aside. What is listed is whole: it appears under its name only when all is copied. */
export function keepSnapshot(folder: string, label: string, nowMs: number): Snapshot {
  const state = runIn(folder);
  const at = new Date(nowMs).toISOString();
  const slug = label
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 40);
  const id = `${at.replace(/[-:.]/g, '')}-${randomUUID().slice(0, 8)}${slug === '' ? '' : `-${slug}`}`;
  const making = join(home(folder), `.making-${id}`);
  mkdirSync(making, { recursive: true });
  for (const name of CONTENT)
    if (existsSync(join(folder, name))) cpSync(join(folder, name), join(making, name), { recursive: true });
  const snapshot: Snapshot = {
    id,
    label,
    kept_at_utc: at,
    run_id: state.runId,
    profile: state.profile,
    figures: readQualityReport(folder)?.figures ?? null,
    files: hashesUnder(making),
  };
  writeFileSync(join(making, 'snapshot.json'), `${JSON.stringify(snapshot, null, 1)}\n`);
  renameSync(making, join(home(folder), id));
  return snapshot;
}

export function listSnapshots(folder: string): readonly Snapshot[] {
  if (!existsSync(home(folder))) return [];
  return readdirSync(home(folder))
    .filter((name) => ID.test(name))
    .sort()
    .map((id) => readSnapshot(folder, id));
}

/** Puts a snapshot back in place of the run in the folder, which is kept aside first. Damaged ones are refused. */
export function restoreSnapshot(folder: string, id: string, nowMs: number): { readonly kept: Snapshot } {
  const from = placeOf(folder, id);
  const snapshot = readSnapshot(folder, id);
  const now = hashesUnder(from);
  const damaged = Object.entries(snapshot.files).filter(([name, value]) => now[name] !== value);
  if (damaged.length > 0)
    throw new SluiceError(
      'CONFIG_INVALID',
      `snapshot ${id} is damaged: ${damaged
        .map(([name]) => name)
        .slice(0, 3)
        .join(', ')}`,
    );
  const kept = keepSnapshot(folder, `before restore`, nowMs);
  // copied beside what is there, then exchanged: a break in between leaves one of the two under each name
  for (const name of CONTENT)
    if (existsSync(join(from, name))) cpSync(join(from, name), join(folder, `.restored-${name}`), { recursive: true });
  for (const name of CONTENT) {
    rmSync(join(folder, name), { recursive: true, force: true });
    if (existsSync(join(folder, `.restored-${name}`)))
      renameSync(join(folder, `.restored-${name}`), join(folder, name));
  }
  return { kept };
}

export interface SnapshotComparison {
  readonly left: string;
  readonly right: string;
  readonly tables: readonly TableDifference[];
  readonly figures: Readonly<Record<string, readonly [unknown, unknown]>>;
}

/** What changed from one run to the other, rows by their record numbers. `now` is the run in the folder. */
export function compareSnapshots(folder: string, left: string, right: string): SnapshotComparison {
  const [a, b] = [left, right].map((id) => (id === 'now' ? folder : placeOf(folder, id))) as [string, string];
  const tables = new Set(
    [a, b].flatMap((place) => readdirSync(join(place, 'target')).map((name) => name.slice(0, -4))),
  );
  const [x, y] = [readQualityReport(a)?.figures ?? {}, readQualityReport(b)?.figures ?? {}];
  const names = [...new Set([...Object.keys(x), ...Object.keys(y)])].filter((name) => x[name] !== y[name]);
  return {
    left,
    right,
    tables: [...tables].sort().map((table) => compareTable(table, a, b)),
    figures: Object.fromEntries(names.map((name) => [name, [x[name] ?? null, y[name] ?? null]])),
  };
}

function placeOf(folder: string, id: string): string {
  if (!ID.test(id) || !existsSync(join(home(folder), id)))
    throw new SluiceError('CONFIG_INVALID', 'there is no snapshot of that name; `sluice pas snapshot ls` has them');
  return join(home(folder), id);
}

function readSnapshot(folder: string, id: string): Snapshot {
  try {
    return JSON.parse(readFileSync(join(placeOf(folder, id), 'snapshot.json'), 'utf8')) as Snapshot;
  } catch (cause) {
    throw new SluiceError('CONFIG_INVALID', `snapshot ${id} cannot be read`, { cause });
  }
}

function hashesUnder(folder: string): Record<string, string> {
  const hashes: Record<string, string> = {};
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.name === 'snapshot.json') continue;
    const path = join(entry.parentPath, entry.name);
    hashes[path.slice(folder.length + 1)] = createHash('sha256').update(readFileSync(path)).digest('hex');
  }
  return hashes;
}
