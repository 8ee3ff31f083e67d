import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Measurements, Migration } from '../../core/index.ts';
import { DOS_PROFILES, PAS_PROFILES, type Verdict } from '../../gates/index.ts';
import type { Config } from '../config.ts';
import { judgeRuns } from '../dos/gate-report.ts';
import { settingsHash } from '../dos/run-report.ts';
import { readQualityReport, verdictsOn, verdictsOnNothing } from '../pas/gate-report.ts';
import { judgedRunIn } from '../pas/run.ts';
import { figuresFor, type Judgement, judgedPhase } from './judge.ts';
import { phasesOf } from './profiles.ts';

/** Where the reports are that some profiles are judged by. */
export interface Reports {
  /** of full syncs of dos */
  readonly runsFolder: string;
  readonly target: 'dynamodb' | 'files';
  /** of a run of pas */
  readonly outDir: string | undefined;
}

/** Judges all profiles of a migration as of a moment, in ms since 1970. */
export type Judge = (now: number) => Promise<readonly Judgement[]>;

export const judgesPhases =
  (folder: string, migration: Migration, measurements: Pick<Measurements, 'between'>): Judge =>
  async (now) => {
    const profiles = phasesOf(folder);
    const figuresOf = await figuresFor(measurements, migration.name, profiles, now);
    return profiles.map((profile) => judgedPhase(profile, figuresOf, migration, now));
  };

/** Judges the newest full sync. Throws CONFIG_INVALID for a profile that is not known. */
export function judgeDos(config: Config, profile: string, now: number, reports: Omit<Reports, 'outDir'>): Judgement {
  const { runsFolder: folder, target } = reports;
  const { status, checks, run_id } = judgeRuns({ config, folder, target, profile, now });
  const hashes = { run: run_id ?? '', settings: settingsHash(config.dos) };
  return { profile, status, at: new Date(now).toISOString(), checks, hashes };
}

/**
 * Judges the run in a folder by all profiles of pas. Its tables are hashed anew where a file has changed, and every ten
 * minutes, as the contract may have; without a folder or a run nothing passes.
 */
export function judgesPas(outDir: string | undefined): Judge {
  let last: { readonly of: string; readonly at: number; readonly verdicts: readonly Verdict[] } | null = null;
  return async (now) => {
    const of = outDir === undefined ? '' : signatureOf(outDir);
    if (last === null || last.of !== of || now - last.at >= ANEW_MS) last = { of, at: now, verdicts: verdicts(outDir) };
    const quality = outDir === undefined ? null : readQualityReport(outDir);
    const hashes = { ...quality?.hashes, run: quality?.run_id ?? '' };
    return last.verdicts.map(({ profile, status, checks }) => ({
      profile,
      status,
      at: new Date(now).toISOString(),
      checks,
      hashes,
    }));
  };
}

const ANEW_MS = 600_000;

function verdicts(outDir: string | undefined): readonly Verdict[] {
  if (outDir === undefined || !namesIn(outDir).includes('run.json')) return verdictsOnNothing();
  return verdictsOn(
    outDir,
    PAS_PROFILES.map(({ name }) => name),
    judgedRunIn(outDir),
  );
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

/** Name, size and time of what a verdict rests on. */
function signatureOf(outDir: string): string {
  const names = ['run.json', 'quality.json', ...namesIn(join(outDir, 'target')).map((name) => join('target', name))];
  return names
    .map((name) => {
      const found = statSync(join(outDir, name), { throwIfNoEntry: false });
      return `${name} ${found?.size ?? '-'} ${found?.mtimeMs ?? '-'}`;
    })
    .join('\n');
}

/** What the worker of a migration judges; null: the migration has no gates. */
export function judgeFor(
  config: Config,
  folder: string,
  migration: Migration,
  measurements: Pick<Measurements, 'between'>,
): Judge | null {
  if (folder === 'dos')
    return async (now) => DOS_PROFILES.map(({ name }) => judgeDos(config, name, now, config.reports));
  if (folder === 'pas') return judgesPas(config.reports.outDir);
  return phasesOf(folder).length === 0 ? null : judgesPhases(folder, migration, measurements);
}
