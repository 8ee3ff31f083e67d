import type { Flow, RootVerdict } from '../../core/index.ts';
import { texts } from './arrays.ts';
import type { Queryable } from './sql.ts';
import type { Standing } from './standing.ts';

/** Keeps what became of each derived root: its issues, its timer, what it waits for, and whether it is parked. */
export async function settleRoots(
  db: Queryable,
  pipeline: string,
  flow: Flow,
  verdicts: readonly RootVerdict[],
  standing: Standing,
): Promise<void> {
  const roots = verdicts.map((verdict) => verdict.root);
  await replaceIssues(db, pipeline, flow.name, roots, verdicts, standing.hasIssues);
  await replaceTimers(db, pipeline, flow.name, roots, verdicts, standing.hasTimers);
  await replaceWaiting(db, pipeline, flow.name, roots, verdicts, standing.hasWaiting);
  if (standing.hasParked) await healRoots(db, pipeline, flow.name, verdicts);
  for (const verdict of verdicts) {
    if (verdict.state !== 'parked') continue;
    await db.query(
      `insert into sluice.parked (pipeline, kind, scope, key, flow, code, detail)
       values ($1, 'root', $2, $3, $2, $4, $5)
       on conflict (pipeline, kind, scope, key, coalesce("offset", -1)) where state = 'parked'
       do update set attempts = parked.attempts + 1, last_at = clock_timestamp(),
         code = excluded.code, detail = excluded.detail`,
      [pipeline, flow.name, verdict.root, verdict.code, JSON.stringify(verdict.detail)],
    );
  }
}

async function healRoots(
  db: Queryable,
  pipeline: string,
  flow: string,
  verdicts: readonly RootVerdict[],
): Promise<void> {
  const healthy = verdicts.filter((verdict) => verdict.state !== 'parked').map((verdict) => verdict.root);
  await db.query(
    `update sluice.parked set state = 'healed', closed_at = clock_timestamp(), closed_by = 'derived'
     where pipeline = $1 and kind = 'root' and scope = $2 and key = any($3::text[]) and state = 'parked'`,
    [pipeline, flow, texts(healthy)],
  );
}

async function replaceIssues(
  db: Queryable,
  pipeline: string,
  flow: string,
  roots: readonly string[],
  verdicts: readonly RootVerdict[],
  hasOld: boolean,
): Promise<void> {
  const noted = verdicts.filter((verdict) => verdict.issues.length > 0);
  if (hasOld) {
    const clean = new Set(roots);
    for (const verdict of noted) clean.delete(verdict.root);
    await forget(db, 'root_issue', pipeline, flow, [...clean]);
  }
  if (noted.length === 0) return;
  await db.query(
    `insert into sluice.root_issue (pipeline, flow, root, issues)
     select $1, $2, u.root, u.issues::jsonb from unnest($3::text[], $4::text[]) as u(root, issues)
     on conflict (pipeline, flow, root) do update set issues = excluded.issues, at = clock_timestamp()
       where root_issue.issues is distinct from excluded.issues`,
    [pipeline, flow, noted.map((verdict) => verdict.root), noted.map((verdict) => JSON.stringify(verdict.issues))],
  );
}

async function replaceTimers(
  db: Queryable,
  pipeline: string,
  flow: string,
  roots: readonly string[],
  verdicts: readonly RootVerdict[],
  hasOld: boolean,
): Promise<void> {
  const timed = verdicts.filter((verdict) => verdict.wakeAt !== null);
  if (hasOld) await forget(db, 'timer', pipeline, flow, roots);
  if (timed.length === 0) return;
  await db.query(
    `insert into sluice.timer (pipeline, flow, root, at)
     select $1, $2, u.root, u.at from unnest($3::text[], $4::timestamptz[]) as u(root, at)`,
    [pipeline, flow, timed.map((verdict) => verdict.root), timed.map((verdict) => verdict.wakeAt)],
  );
}

async function replaceWaiting(
  db: Queryable,
  pipeline: string,
  flow: string,
  roots: readonly string[],
  verdicts: readonly RootVerdict[],
  hasOld: boolean,
): Promise<void> {
  if (hasOld) await forget(db, 'waiting', pipeline, flow, roots);
  const needs = verdicts
    .filter((verdict) => verdict.state === 'waiting')
    .flatMap((verdict) =>
      verdict.needs.map((need) => ({ root: verdict.root, time: verdict.sourceTime ?? null, ...need })),
    );
  if (needs.length === 0) return;
  await db.query(
    `insert into sluice.waiting (pipeline, flow, root, need_target, need_id, source_time)
     select distinct $1, $2, u.root, u.target, u.id, u.time
     from unnest($3::text[], $4::text[], $5::text[], $6::timestamptz[]) as u(root, target, id, time)`,
    [
      ...[pipeline, flow, needs.map((need) => need.root), needs.map((need) => need.target)],
      ...[needs.map((need) => need.id), needs.map((need) => need.time)],
    ],
  );
}

async function forget(
  db: Queryable,
  table: 'root_issue' | 'timer' | 'waiting',
  pipeline: string,
  flow: string,
  roots: readonly string[],
): Promise<void> {
  await db.query(`delete from sluice.${table} where pipeline = $1 and flow = $2 and root = any($3::text[])`, [
    pipeline,
    flow,
    texts(roots),
  ]);
}
