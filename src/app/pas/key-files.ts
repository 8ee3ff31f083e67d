import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SluiceError } from '../../core/index.ts';
import { shareOf } from './parts.ts';

/** Keys are kept in at least so many files, by their patient. */
const FEWEST_BUCKETS = 16;
/** Numbers are taken from the counters in runs of this length; what a crash leaves unused is never given again. */
const RESERVED = 100_000;

const CELL = '\u001f';
const ROW = '\u001e';

interface Bucket {
  /** By table, then by key. */
  readonly numbers: Map<string, Map<string, number>>;
  added: string;
}

/** The record numbers of a target, kept in a folder for as long as the migration lives. */
export interface KeyFiles {
  of(table: string, key: string, patient: string): number;
  /** What was given so far is on disk when this returns, and no key is in memory any more. */
  flush(): void;
  /** The same; and the next run goes on without a gap. */
  close(): void;
  /** Numbers given by this object that nobody had before. */
  readonly allocated: number;
}

/**
 * One number for one business key of a table, for ever: the same after a restart, a replay, in any order, and never
 * given again to another key.
 * A new folder is laid out for `parts`: then a part's keys are in a file of their own.
 */
export function openKeyFiles(folder: string, parts: number): KeyFiles {
  mkdirSync(folder, { recursive: true });
  const layoutFile = join(folder, 'layout.json');
  if (!existsSync(layoutFile))
    writeFileSync(layoutFile, JSON.stringify({ files: Math.max(FEWEST_BUCKETS, parts) }), { flush: true });
  const { files } = JSON.parse(readFileSync(layoutFile, 'utf8')) as { files: number };
  const counterFile = join(folder, 'next.json');
  const next: Record<string, number> = existsSync(counterFile) ? readJson(counterFile) : {};
  const reserved: Record<string, number> = { ...next };
  const buckets = new Map<number, Bucket>();
  let allocated = 0;

  const saveCounters = (values: Record<string, number>): void => {
    writeFileSync(`${counterFile}.new`, JSON.stringify(values));
    renameSync(`${counterFile}.new`, counterFile);
  };
  const bucketFile = (bucket: number): string => join(folder, `keys-${String(bucket).padStart(3, '0')}`);
  const save = (id: number, bucket: Bucket): void => {
    if (bucket.added !== '') appendFileSync(bucketFile(id), bucket.added, { flush: true });
    bucket.added = '';
  };
  const open = (id: number): Bucket => {
    let bucket = buckets.get(id);
    if (bucket) return bucket;
    bucket = readBucket(bucketFile(id));
    buckets.set(id, bucket);
    return bucket;
  };

  const flush = (): void => {
    for (const [id, bucket] of buckets) save(id, bucket);
    buckets.clear();
  };

  return {
    get allocated() {
      return allocated;
    },
    of(table, key, patient) {
      const bucket = open(shareOf(patient, files));
      const ofTable = keysOf(bucket, table);
      const known = ofTable.get(key);
      if (known !== undefined) return known;
      const number = next[table] ?? 1;
      if (number >= (reserved[table] ?? 1)) {
        // all tables at once: a file is written as seldom as can be
        for (const name of new Set([table, ...Object.keys(next)])) reserved[name] = (next[name] ?? 1) + RESERVED;
        saveCounters(reserved);
      }
      next[table] = number + 1;
      allocated += 1;
      ofTable.set(key, number);
      bucket.added += `${table}${CELL}${key}${CELL}${number}${ROW}`;
      return number;
    },
    flush,
    close() {
      flush();
      saveCounters(next);
      Object.assign(reserved, next);
    },
  };
}

function readJson(path: string): Record<string, number> {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Record<string, number>;
  } catch (cause) {
    throw new SluiceError('CONFIG_INVALID', `${path} is damaged; restore the folder of keys from a copy`, { cause });
  }
}

function keysOf({ numbers }: Bucket, table: string): Map<string, number> {
  let keys = numbers.get(table);
  if (!keys) {
    keys = new Map();
    numbers.set(table, keys);
  }
  return keys;
}

function readBucket(path: string): Bucket {
  const bucket: Bucket = { numbers: new Map(), added: '' };
  if (!existsSync(path)) return bucket;
  const text = readFileSync(path, 'utf8');
  const whole = text.lastIndexOf(ROW) + 1;
  // a crash may have left half an entry: its number was never written anywhere else
  if (whole < text.length) truncateSync(path, Buffer.byteLength(text.slice(0, whole)));
  for (const entry of text.slice(0, whole).split(ROW)) {
    if (entry === '') continue;
    const start = entry.indexOf(CELL);
    const end = entry.lastIndexOf(CELL);
    keysOf(bucket, entry.slice(0, start)).set(entry.slice(start + 1, end), Number(entry.slice(end + 1)));
  }
  return bucket;
}
