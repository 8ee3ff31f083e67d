import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { z } from 'zod';
import { SluiceError } from '../../core/index.ts';
import type { BackupPlace } from './place.ts';

const packed = promisify(gzip);
const unpacked = promisify(gunzip);

const MANIFEST = 'manifest.json';

/** A file of a backup as its manifest has it. */
export interface StoredPart {
  readonly name: string;
  /** as stored, packed */
  readonly bytes: number;
  /** of the stored bytes */
  readonly sha256: string;
}

export const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const damaged = (part: StoredPart, what: string): SluiceError =>
  new SluiceError('BACKUP_DAMAGED', `${part.name} ${what}`, { context: { part: part.name } });

/** Packs and stores a part. */
export async function storePart(place: BackupPlace, name: string, content: string | Buffer): Promise<StoredPart> {
  const bytes = await packed(content);
  await place.put(name, bytes);
  return { name, bytes: bytes.length, sha256: digestOf(bytes) };
}

/** What a part holds, unpacked. Throws BACKUP_DAMAGED where it is missing or not as its manifest says. */
export async function fetchPart(place: BackupPlace, part: StoredPart): Promise<Buffer> {
  const bytes = await place.get(part.name);
  if (bytes === null) throw damaged(part, 'is missing');
  if (bytes.length < part.bytes) throw damaged(part, `is cut off: ${bytes.length} of ${part.bytes} bytes`);
  if (bytes.length !== part.bytes || digestOf(bytes) !== part.sha256)
    throw damaged(part, 'has another SHA-256 than its manifest says');
  return unpacked(bytes).catch(() => {
    throw damaged(part, 'cannot be unpacked');
  });
}

/** The manifest is written last: without it there is no backup. */
export const writeManifest = (place: BackupPlace, manifest: unknown): Promise<void> =>
  place.put(MANIFEST, Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`));

export const hasManifest = async (place: BackupPlace): Promise<boolean> => (await place.get(MANIFEST)) !== null;

/** Throws BACKUP_DAMAGED where there is none, or one that was not written by an export. */
export async function readManifest<T>(place: BackupPlace, form: z.ZodType<T>): Promise<T> {
  const bytes = await place.get(MANIFEST);
  if (bytes === null)
    throw new SluiceError('BACKUP_DAMAGED', `there is no ${MANIFEST} in ${place.name}: no export ended there`);
  const read = form.safeParse(jsonOf(bytes));
  if (!read.success)
    throw new SluiceError('BACKUP_DAMAGED', `${MANIFEST} in ${place.name} is not what an export writes`);
  return read.data;
}

/** null where it is no JSON */
export function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return null;
  }
}
