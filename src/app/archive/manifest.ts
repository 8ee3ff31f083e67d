import { z } from 'zod';
import { SluiceError } from '../../core/index.ts';
import { digestOf, readManifest, writeManifest } from '../backup/parts.ts';
import type { BackupPlace } from '../backup/place.ts';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().nonnegative();

const Part = z.object({
  name: z.string().regex(/^[A-Za-z0-9_.]+\/part-\d{5}\.copy\.gz$/),
  rows: count,
  bytes: z.int().positive(),
  sha256,
});
export type ArchivePart = z.infer<typeof Part>;

const Table = z.object({
  name: z.string().regex(/^[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*$/),
  key: z.array(z.string()).nonempty(),
  columns: z
    .array(z.object({ name: z.string(), type: z.string(), notNull: z.boolean(), default: z.string().nullable() }))
    .nonempty(),
  constraints: z.array(z.object({ name: z.string(), definition: z.string() })),
  indexes: z.array(z.string()),
  rows: count,
  /** of COPY's text, unpacked */
  bytes: count,
  /** of COPY's text, unpacked, in the order of the key: the same rows give the same */
  sha256,
  parts: z.array(Part),
});
export type ArchiveTable = z.infer<typeof Table>;

const Contents = z.object({
  version: z.literal(1),
  format: z.literal('postgresql-copy-text'),
  migration: z.string(),
  position: z.object({
    lsn: z.string().regex(/^[0-9A-F]+\/[0-9A-F]+$/),
    exact: z.boolean(),
    systemId: z.string().nullable(),
    timeline: z.int().nullable(),
    at: z.string(),
  }),
  startedAt: z.string(),
  finishedAt: z.string(),
  tables: z.array(Table).nonempty(),
});
/** What an archive holds. */
export type ArchiveContents = z.infer<typeof Contents>;

const Sealed = Contents.extend({ seal: sha256 });

const sealOf = (contents: ArchiveContents): string => digestOf(Buffer.from(JSON.stringify(Contents.parse(contents))));

export const writeContents = (place: BackupPlace, contents: ArchiveContents): Promise<void> =>
  writeManifest(place, { ...contents, seal: sealOf(contents) });

/** Throws BACKUP_DAMAGED where there is no archive, or its manifest was changed. */
export async function readContents(place: BackupPlace): Promise<ArchiveContents> {
  const { seal, ...contents } = await readManifest(place, Sealed);
  if (seal !== sealOf(contents))
    throw new SluiceError('BACKUP_DAMAGED', `manifest.json in ${place.name} was changed after it was written`);
  return contents;
}
