import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SluiceError } from '../../core/index.ts';
import { openBucket } from '../../sinks/s3/index.ts';
import { systemClock } from '../clock.ts';
import type { Config } from '../config.ts';

/** Where a backup is: files by name, with `/` between folders. */
export interface BackupPlace {
  readonly name: string;
  put(name: string, bytes: Uint8Array): Promise<void>;
  /** null: there is none */
  get(name: string): Promise<Buffer | null>;
}

/** `s3://bucket/prefix`, or a folder. Throws CONFIG_INVALID. */
export function openBackupPlace(config: Config, text: string): BackupPlace {
  const found = /^s3:\/\/([a-z0-9][a-z0-9.-]{2,62})(?:\/(.*))?$/.exec(text);
  if (found) return inBucket(config, found[1] ?? '', (found[2] ?? '').replace(/\/+$/, ''));
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text))
    throw new SluiceError('CONFIG_INVALID', 'a backup is in a folder or at s3://bucket/prefix');
  return inFolder(text);
}

function inFolder(folder: string): BackupPlace {
  return {
    name: folder,
    async put(name, bytes) {
      const path = join(folder, name);
      await mkdir(dirname(path), { recursive: true });
      // a file that is there is whole
      await writeFile(`${path}.part`, bytes);
      await rename(`${path}.part`, path);
    },
    async get(name) {
      try {
        return await readFile(join(folder, name));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
        throw new SluiceError('CONFIG_INVALID', `${join(folder, name)} cannot be read`);
      }
    },
  };
}

function inBucket(config: Config, bucket: string, prefix: string): BackupPlace {
  const { url, region } = config.s3;
  const objects = openBucket({ bucket, region, url, credentials: async () => config.awsKeys(), clock: systemClock });
  const keyOf = (name: string): string => (prefix === '' ? name : `${prefix}/${name}`);
  return {
    name: `s3://${bucket}/${prefix}`,
    put: (name, bytes) => objects.put(keyOf(name), bytes),
    get: (name) => objects.get(keyOf(name)),
  };
}

const LATEST = 'exports/latest';

/** A new place in a bucket; `done` makes it the one that is restored from. */
export function newestPlace(config: Config, bucket: string, nowMs: number) {
  const prefix = `exports/${new Date(nowMs).toISOString().replace(/[:.]/g, '-')}`;
  return {
    place: inBucket(config, bucket, prefix),
    done: (): Promise<void> => inBucket(config, bucket, '').put(LATEST, Buffer.from(prefix)),
  };
}

/** The newest export that ended in a bucket. Throws BACKUP_DAMAGED where there is none. */
export async function latestBackup(config: Config, bucket: string): Promise<BackupPlace> {
  const prefix = (await inBucket(config, bucket, '').get(LATEST))?.toString() ?? '';
  if (!/^exports\/[\w-]+$/.test(prefix))
    throw new SluiceError('BACKUP_DAMAGED', `no export ended in s3://${bucket}/exports`);
  return inBucket(config, bucket, prefix);
}
