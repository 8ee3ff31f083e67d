import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { canonicalJson, type Json } from '../../core/index.ts';
import { DEFAULTS, type DosConfig } from '../../migrations/dos/index.ts';
import type { Config } from '../config.ts';
import { replaceFile } from '../text-file.ts';

const counts = z.record(z.string(), z.number());
const share = z.number().min(0).nullable();

const Report = z.object({
  run_id: z.string().min(1),
  environment: z.string(),
  workspace: z.string().nullable(),
  target: z.enum(['dynamodb', 'files']),
  /** SHA-256 of the settings of the rules */
  settings: z.string(),
  state: z.enum(['running', 'done', 'stopped', 'failed']),
  /** it began with the first service; one that goes on where another was stopped did not */
  from_start: z.boolean(),
  started_at: z.iso.datetime(),
  finished_at: z.iso.datetime().nullable(),
  seconds: z.number().min(0),
  record_p95_seconds: share,
  error_ratio: z.object({ services: share, triage_codes: share }),
  /** the counters of the newest reference and those of the first */
  metrics: counts.nullable(),
  failures: z.number().nullable(),
  /** requests to DynamoDB that were sent again, by why; empty: not counted */
  setbacks: counts.default({}),
  /** what is compared from run to run */
  counts,
  anomaly_share: z.number().min(0),
  /** the complete run before, which the counts were compared with */
  compared_with: z.string().nullable(),
  anomalies: z
    .array(z.object({ type: z.string(), before: z.number(), now: z.number(), share: z.number().nullable() }))
    .nullable(),
});

/** What is kept of a full sync. Times are ISO UTC, ratios from 0 to 1; null: not measured. */
export type RunReport = z.infer<typeof Report>;

/** Which tables a run writes: only runs into the same ones are compared. */
export interface RunPlace {
  readonly environment: string;
  readonly workspace: string | null;
  readonly target: RunReport['target'];
}

export const placeOf = (config: Config, target: RunReport['target']): RunPlace => ({
  environment: config.dynamodb.environment,
  workspace: config.dynamodb.workspace ?? null,
  target,
});

export function settingsHash(options: Config['dos']): string {
  const settings: DosConfig = { ...DEFAULTS, ...options };
  return createHash('sha256')
    .update(canonicalJson({ ...settings } as Json))
    .digest('hex');
}

// no name of an environment or workspace has a `_`
const folderOf = (folder: string, { environment, workspace, target }: RunPlace): string =>
  join(folder, environment, workspace ?? '_', target);

/** Keeps a report in the place of what was kept of the same run. Throws CONFIG_INVALID when it cannot be written. */
export function keepReport(folder: string, report: RunReport): void {
  const name = `${report.started_at.replace(/\D/g, '')}-${report.run_id.slice(0, 8)}.json`;
  replaceFile(join(folderOf(folder, report), name), `${JSON.stringify(report, null, 1)}\n`, '--runs-dir');
}

/** The reports of a place, newest first. A damaged one is null: it is the run that it is, and proves nothing. */
export function readReports(folder: string, place: RunPlace): readonly (RunReport | null)[] {
  const path = folderOf(folder, place);
  let names: readonly string[];
  try {
    names = readdirSync(path);
  } catch {
    return [];
  }
  const files = names.filter((name) => /^\d+-.+\.json$/.test(name));
  return files
    .sort()
    .reverse()
    .map((name) => readReport(join(path, name)));
}

function readReport(path: string): RunReport | null {
  try {
    return Report.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return null;
  }
}

/** From the first service to the last triage code, in one go. */
export const isComplete = ({ state, from_start }: RunReport): boolean => state === 'done' && from_start;
