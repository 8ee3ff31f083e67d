import {
  contentHash,
  type GateRecord,
  type GateRecords,
  type Json,
  type JsonObject,
  type Measurement,
  type Measurements,
  type Migration,
} from '../../core/index.ts';
import { type FiguresOf, judgePhase, type PhaseProfile, profileHash, type WindowCheck } from '../../gates/index.ts';
import { codeHash } from '../code-hash.ts';

/** One clause as it was judged, whatever kind of profile it is of. */
export type JudgedClause = Pick<WindowCheck, 'gate' | 'status' | 'actual' | 'expected' | 'message'> &
  Partial<Pick<WindowCheck, 'why' | 'figures'>>;

/** A profile as it was judged. */
export interface Judgement {
  readonly profile: string;
  readonly status: 'PASS' | 'FAIL';
  /** ISO UTC */
  readonly at: string;
  readonly checks: readonly JudgedClause[];
  /** hashes of what judged and was judged by */
  readonly hashes: Readonly<Record<string, string>>;
}

/** Reads once what all the clauses of some profiles look at. */
export async function figuresFor(
  measurements: Pick<Measurements, 'between'>,
  migration: string,
  profiles: readonly PhaseProfile[],
  now: number,
): Promise<FiguresOf> {
  const windows = new Map<string, number>();
  for (const { figure, windowSeconds } of profiles.flatMap(({ clauses }) => clauses))
    windows.set(figure, Math.max(windows.get(figure) ?? 0, windowSeconds));
  const to = new Date(now).toISOString();
  const found = new Map<string, readonly Measurement[]>();
  for (const [figure, seconds] of windows)
    found.set(figure, await measurements.between(migration, figure, new Date(now - seconds * 1000).toISOString(), to));
  return ({ figure }) => found.get(figure) ?? [];
}

const code = new Map<string, string>();

/** A migration's name without the prefix of an instance is the name of its folder. */
function codeOf(folder: string): string {
  const known = code.get(folder);
  if (known !== undefined) return known;
  const made = codeHash(['gates', `migrations/${folder}`]);
  code.set(folder, made);
  return made;
}

export function judgedPhase(profile: PhaseProfile, figuresOf: FiguresOf, migration: Migration, now: number): Judgement {
  const flows = migration.flows.map(({ name }) => name);
  const { status, checks } = judgePhase(profile, figuresOf, flows, now);
  const hashes = { profile: profileHash(profile), code: codeOf(profile.migration) };
  return { profile: profile.name, status, at: new Date(now).toISOString(), checks, hashes };
}

/** What a signature is bound to. */
export const bindingOf = ({ hashes }: Pick<Judgement, 'hashes'>): string => contentHash(hashes as JsonObject);

/** Keeps a judgement as evidence. */
export function keepJudgement(
  records: GateRecords,
  { profile, status, at, checks, hashes }: Judgement,
  by: { readonly migration: string; readonly actor: string },
): Promise<GateRecord> {
  const clauses = checks.map(({ gate, ...rest }) => ({ clause: gate, ...rest }));
  return records.append({
    kind: 'evaluation',
    migration: by.migration,
    subject: profile,
    at,
    actor: by.actor,
    requester: null,
    verdict: status,
    // what is not there is left out, as canonical JSON would
    content: JSON.parse(JSON.stringify({ clauses, hashes })) as { readonly [key: string]: Json },
  });
}
