import pg from 'pg';
import type { Contest } from './contestant.ts';
import { insertRows } from './load.ts';
import { type Place, until, urlOf } from './place.ts';
import type { Source } from './source.ts';
import { cpuSeconds, treeCpuSeconds } from './usage.ts';

export interface Latency {
  readonly name: string;
  readonly rate: number;
  /** commits a second the source really made */
  readonly achieved: number;
  readonly commits: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** CPU milliseconds for each commit; PostgreSQL's include what the source needs */
  readonly clientCpuMs: number;
  readonly postgresCpuMs: number;
}

const CONNECTIONS = 16;
const WARM_SECONDS = 5;

let nextId = 2_000_000_000;

/** Single-row transactions at a steady rate, whatever the answers take; the ids of what was committed. */
async function commitAtRate(
  pool: pg.Pool,
  rate: number,
  seconds: number,
): Promise<{ ids: number[]; achieved: number }> {
  const ids: number[] = [];
  const pending: Promise<unknown>[] = [];
  const started = performance.now();
  const total = rate * seconds;
  while (ids.length < total) {
    const due = Math.min(total, Math.floor(((performance.now() - started) / 1000) * rate));
    while (ids.length < due) {
      const id = nextId++;
      ids.push(id);
      pending.push(
        pool
          .connect()
          .then((client) => insertRows(client, [id]).finally(() => client.release())),
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(pending);
  return { ids, achieved: Math.round(total / ((performance.now() - started) / 1000)) };
}

/**
 * Commits a second that the source gets through from end to end, sinks standing still: as many as its connections can
 * make for `seconds`, over the time until the topic holds them all.
 */
export async function sustainedRate(place: Place, source: Source, seconds: number): Promise<number> {
  const pool = new pg.Pool({ connectionString: urlOf(place, `${place.prefix}source`), max: CONNECTIONS });
  try {
    const before = await source.ends();
    const started = performance.now();
    let commits = 0;
    const committing = async (): Promise<void> => {
      while (performance.now() - started < seconds * 1000) {
        commits += 1;
        await insertRows(pool, [nextId++]);
      }
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, committing));
    await until('the topic has what was committed', 180, async () => (await source.ends()) >= before + commits, 100);
    return Math.round(commits / ((performance.now() - started) / 1000));
  } finally {
    await pool.end();
  }
}

type Queryable = Pick<pg.Pool, 'query'>;

/** When each row's transaction was committed, in milliseconds, by id. */
async function commitTimes(db: Queryable, table: string, ids: readonly number[]): Promise<Map<string, number>> {
  const { rows } = await db.query<{ id: string; ms: number }>(
    `select id, extract(epoch from pg_xact_commit_timestamp(xmin))::float8 * 1000 as ms from ${table}
     where id between $1 and $2`,
    [ids[0], ids.at(-1)],
  );
  return new Map(rows.map(({ id, ms }) => [id, ms]));
}

const percentile = (sorted: readonly number[], share: number): number =>
  Number((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN).toFixed(1));

/** Source commit to target commit, both by the server's own commit timestamps: one server, one clock. */
export async function measureLatency(
  place: Place,
  name: string,
  contest: Contest,
  given: { rate: number; seconds: number; postmaster: number },
): Promise<Latency> {
  const pool = new pg.Pool({ connectionString: urlOf(place, `${place.prefix}source`), max: CONNECTIONS });
  const { target, table } = contest;
  const arrived = (ids: readonly number[]) => async (): Promise<boolean> => {
    const found = await target.query<{ n: string }>(`select count(*) as n from ${table} where id between $1 and $2`, [
      ids[0],
      ids.at(-1),
    ]);
    return Number(found.rows[0]?.n) === ids.length;
  };
  try {
    // behind everything written while it stood still
    await until(`${name}: catching up`, 180, arrived((await commitAtRate(pool, 10, 1)).ids), 250);
    await until(`${name}: warm`, 120, arrived((await commitAtRate(pool, given.rate, WARM_SECONDS)).ids), 250);
    const before = { client: cpuSeconds(contest.pid), postgres: treeCpuSeconds(given.postmaster) };
    const { ids, achieved } = await commitAtRate(pool, given.rate, given.seconds);
    await until(`${name}: the last commit`, 120, arrived(ids), 250);
    const each = (seconds: number): number => Number(((seconds * 1000) / ids.length).toFixed(2));
    const clientCpuMs = each(cpuSeconds(contest.pid) - before.client);
    const postgresCpuMs = each(treeCpuSeconds(given.postmaster) - before.postgres);
    const source = await commitTimes(pool, 'public.visit', ids);
    const there = await commitTimes(target, table, ids);
    const waits = [...there].map(([id, ms]) => ms - (source.get(id) ?? Number.NaN)).sort((x, y) => x - y);
    return {
      name,
      rate: given.rate,
      achieved,
      commits: ids.length,
      p50Ms: percentile(waits, 0.5),
      p99Ms: percentile(waits, 0.99),
      clientCpuMs,
      postgresCpuMs,
    };
  } finally {
    await pool.end();
  }
}
