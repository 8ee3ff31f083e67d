import type pg from 'pg';
import { type GateRecord, SluiceError } from '../../core/index.ts';
import { PostgresMeasurements } from '../../sinks/postgres/index.ts';
import { systemClock } from '../clock.ts';
import type { Config } from '../config.ts';
import { readQualityReport } from '../pas/gate-report.ts';
import { judgeAgain } from '../pas/run.ts';
import { findMigration } from '../pipeline.ts';
import { figuresFor, type Judgement, judgedPhase, keepJudgement } from './judge.ts';
import { judgeDos, type Reports } from './judges.ts';
import { phasesOf, toldProfile } from './profiles.ts';
import { openGateRecords } from './records.ts';

export interface Checked {
  readonly judgement: Judgement;
  /** the migration's name with the prefix of an instance */
  readonly migration: string;
}

/** Judges a profile as of a moment. Throws CONFIG_INVALID for one that is not known. */
export async function checkProfile(
  config: Config,
  pool: pg.Pool,
  { name, now, reports }: { readonly name: string; readonly now: number; readonly reports: Reports },
): Promise<Checked> {
  const { migration, phase } = toldProfile(name);
  const named = config.prefix + migration;
  if (phase !== '') {
    const profiles = phasesOf(migration).filter((profile) => profile.name === name);
    const figuresOf = await figuresFor(new PostgresMeasurements(pool), named, profiles, now);
    const [judgement] = profiles.map((profile) =>
      judgedPhase(profile, figuresOf, findMigration(config, migration), now),
    );
    if (!judgement) throw new SluiceError('INTERNAL', `${name} has no clauses`);
    return { judgement, migration: named };
  }
  const judgement = migration === 'dos' ? judgeDos(config, name, now, reports) : ofPas(name, now, reports);
  return { judgement, migration: named };
}

function ofPas(profile: string, now: number, { outDir }: Reports): Judgement {
  if (outDir === undefined)
    throw new SluiceError('CONFIG_INVALID', `--out-dir: ${profile} is judged by the run in a folder`);
  const { status, checks, run_id } = judgeAgain(outDir, profile, { ...systemClock, now: () => now });
  const hashes = readQualityReport(outDir)?.hashes ?? {};
  return { profile, status, at: new Date(now).toISOString(), checks, hashes: { ...hashes, run: run_id } };
}

/** Judges a profile now, and keeps it. */
export async function checkAndKeep(
  config: Config,
  pool: pg.Pool,
  asked: { readonly name: string; readonly now: number; readonly reports: Reports; readonly actor: string },
): Promise<Checked & { readonly record: GateRecord }> {
  const checked = await checkProfile(config, pool, asked);
  const by = { migration: checked.migration, actor: asked.actor };
  return { ...checked, record: await keepJudgement(openGateRecords(config, pool), checked.judgement, by) };
}
