import { createHash } from 'node:crypto';
import { SluiceError, type SourceTable } from '../../core/index.ts';
import type { SourceSnapshot } from '../../source/index.ts';
import { hasManifest, storePart } from '../backup/parts.ts';
import type { BackupPlace } from '../backup/place.ts';
import { type ArchiveContents, type ArchivePart, type ArchiveTable, writeContents } from './manifest.ts';

export interface ArchiveRun {
  readonly migration: string;
  readonly tables: readonly SourceTable[];
  readonly snapshot: SourceSnapshot;
  readonly place: BackupPlace;
  /** ISO UTC */
  readonly now: () => string;
  /** rows so far of all tables, and about how many there are */
  readonly tell: (at: { readonly table: string; readonly rows: number; readonly of: number }) => void;
}

/** bytes of rows in a part, before they are packed: what is held in memory at a time */
const PART_BYTES = 8 * 1024 * 1024;

/** Writes all tables of one snapshot. Throws CONFIG_INVALID for a place that holds a backup. */
export async function writeArchive(run: ArchiveRun): Promise<ArchiveContents> {
  const { migration, snapshot, place, now } = run;
  if (await hasManifest(place))
    throw new SluiceError('CONFIG_INVALID', `${place.name} holds a backup already; name another place`);
  const startedAt = now();
  let of = 0;
  for (const { name } of run.tables) of += await snapshot.estimate(name);
  let before = 0;
  const tables: ArchiveTable[] = [];
  for (const table of run.tables) {
    const written = await writeTable(run, table, (rows) => run.tell({ table: table.name, rows: before + rows, of }));
    before += written.rows;
    tables.push(written);
  }
  const contents: ArchiveContents = {
    version: 1,
    format: 'postgresql-copy-text',
    migration,
    position: snapshot.position,
    startedAt,
    finishedAt: now(),
    tables: tables as [ArchiveTable, ...ArchiveTable[]],
  };
  await writeContents(place, contents);
  return contents;
}

async function writeTable(
  { snapshot, place }: ArchiveRun,
  { name, key }: SourceTable,
  tell: (rows: number) => void,
): Promise<ArchiveTable> {
  const form = await snapshot.form(name);
  const columns = form.columns.map((column) => column.name);
  const content = createHash('sha256');
  const parts: ArchivePart[] = [];
  const held = { pieces: [] as Buffer[], bytes: 0, rows: 0 };
  const total = { bytes: 0, rows: 0 };
  const flush = async (): Promise<void> => {
    const file = `${name}/part-${String(parts.length + 1).padStart(5, '0')}.copy.gz`;
    const pieces = held.pieces;
    held.pieces = [];
    parts.push({ ...(await storePart(place, file, Buffer.concat(pieces))), rows: held.rows });
    [held.bytes, held.rows] = [0, 0];
  };
  await snapshot.copy({ table: name, columns, key }, async (rows, count) => {
    content.update(rows);
    held.pieces.push(rows);
    for (const one of [held, total]) {
      one.bytes += rows.length;
      one.rows += count;
    }
    if (held.bytes >= PART_BYTES) await flush();
    tell(total.rows);
  });
  if (held.rows > 0) await flush();
  return { name, key: [...key] as [string], ...plain(form), ...total, sha256: content.digest('hex'), parts };
}

const plain = ({ columns, constraints, indexes }: Awaited<ReturnType<SourceSnapshot['form']>>) => ({
  columns: [...columns] as ArchiveTable['columns'],
  constraints: [...constraints],
  indexes: [...indexes],
});
