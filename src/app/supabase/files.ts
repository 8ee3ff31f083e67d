import { createHash } from 'node:crypto';
import type pg from 'pg';
import { opaqueKey, SluiceError } from '../../core/index.ts';
import type { CopiedFile } from '../../migrations/supabase/index.ts';
import { classify } from '../../sinks/postgres/index.ts';
import type { BackupPlace } from '../backup/place.ts';

export interface CopyOptions {
  readonly pool: pg.Pool;
  readonly from: BackupPlace;
  readonly to: BackupPlace;
  readonly signal: AbortSignal;
  /** read and check again what was copied before */
  readonly verify: boolean;
  /** takes down what is known of a plan's copy, for the resource that tells of it; null: there is none */
  readonly noteCopy: (planKey: string, copied: CopiedFile | null) => Promise<void>;
  readonly tell: (report: CopyReport) => void;
}

export interface CopyReport {
  readonly plans: number;
  readonly copied: number;
  /** with `verify`: copied before, and whole */
  readonly intact: number;
  readonly bytes: number;
  /** by hashes of the plans' ids: no such file, or none that could have that path */
  readonly missing: readonly string[];
  /** what was read back from the new store is not what was written there */
  readonly damaged: readonly string[];
}

interface Plan {
  readonly id: string;
  readonly legacy_id: string;
  readonly legacy_path: string;
  readonly copy_state: string;
  readonly sha256: string | null;
  readonly size_bytes: string | null;
}

type Fate = 'copied' | 'intact' | 'missing' | 'damaged';

const BATCH = 50;

/**
 * Copies the files of action plans that are not copied yet, or were missing, into the new store, and reads each back. The
 * row says `copied` only after that, and only if its path is still the same: run again it goes on where it was.
 */
export async function copyFiles(options: CopyOptions): Promise<CopyReport> {
  const { pool, signal } = options;
  const count = { plans: 0, copied: 0, intact: 0, bytes: 0 };
  const missing: string[] = [];
  const damaged: string[] = [];
  let after = '00000000-0000-0000-0000-000000000000';
  for (;;) {
    const plans = await rows<Plan>(
      pool,
      `select id, legacy_id, legacy_path, copy_state, sha256, size_bytes from careplan.action_plan
       where id > $1 and deleted_at is null and ($2 or copy_state <> 'copied') order by id limit $3`,
      [after, options.verify, BATCH],
    );
    for (const plan of plans) {
      if (signal.aborted) break;
      const { fate, bytes } = await copyOne(options, plan);
      count.plans += 1;
      count.bytes += bytes;
      if (fate === 'copied' || fate === 'intact') count[fate] += 1;
      else (fate === 'missing' ? missing : damaged).push(opaqueKey(plan.legacy_id));
      options.tell({ ...count, missing, damaged });
    }
    after = plans.at(-1)?.id ?? after;
    if (plans.length < BATCH || signal.aborted) return { ...count, missing, damaged };
  }
}

async function copyOne(options: CopyOptions, plan: Plan): Promise<{ readonly fate: Fate; readonly bytes: number }> {
  const { from, to } = options;
  const key = plan.legacy_path;
  if (plan.copy_state === 'copied') {
    const there = await to.get(key);
    if (there !== null && isWhole(there, plan)) {
      await options.noteCopy(plan.legacy_id, copiedFile(key, there));
      return { fate: 'intact', bytes: 0 };
    }
  }
  const file = isKey(key) ? await from.get(key) : null;
  if (file === null) {
    await options.noteCopy(plan.legacy_id, null);
    await note(options, plan, 'missing', null);
    return { fate: 'missing', bytes: 0 };
  }
  const facts = { sha256: sha256(file), size_bytes: String(file.length) };
  await to.put(key, file);
  if (!isWhole(await to.get(key), facts)) {
    await options.noteCopy(plan.legacy_id, null);
    await note(options, plan, 'pending', null);
    return { fate: 'damaged', bytes: 0 };
  }
  // before the row says so: whoever is stopped in between copies it once more
  await options.noteCopy(plan.legacy_id, copiedFile(key, file));
  await note(options, plan, 'copied', facts);
  return { fate: 'copied', bytes: file.length };
}

const copiedFile = (path: string, file: Uint8Array): CopiedFile => ({
  path,
  bytes: file.length,
  sha1: createHash('sha1').update(file).digest('base64'),
});

type Facts = Pick<Plan, 'sha256' | 'size_bytes'>;

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const isWhole = (file: Uint8Array | null, { sha256: digest, size_bytes: size }: Facts): boolean =>
  file !== null && String(file.length) === size && sha256(file) === digest;

/** A path that would climb out of its folder, or be another one after a detour, names no file of ours. */
const isKey = (path: string): boolean =>
  path.length <= 1024 && path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');

async function note({ pool }: CopyOptions, plan: Plan, state: string, facts: Facts | null): Promise<void> {
  await rows(
    pool,
    `update careplan.action_plan
     set copy_state = $3, object_key = case when $3 = 'copied' then $2 end, sha256 = $4, size_bytes = $5
     where id = $1 and legacy_path = $2 returning id`,
    [plan.id, plan.legacy_path, state, facts?.sha256 ?? null, facts?.size_bytes ?? null],
  );
}

async function rows<T extends pg.QueryResultRow>(pool: pg.Pool, sql: string, values: unknown[]): Promise<readonly T[]> {
  try {
    return (await pool.query<T>(sql, values)).rows;
  } catch (error) {
    throw error instanceof SluiceError ? error : classify(error);
  }
}
