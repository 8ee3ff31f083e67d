import type { Contest } from './contestant.ts';
import { MARKERS } from './load.ts';
import { until } from './place.ts';
import { type Totals, totalsOf } from './source.ts';
import { cpuSeconds, loadAverage, peakResidentMegabytes, treeCpuSeconds } from './usage.ts';

export interface Throughput {
  readonly name: string;
  readonly eventsPerSecond: number;
  readonly seconds: number;
  /** from the client's start to its first row */
  readonly startSeconds: number;
  readonly clientCpuPerMillion: number;
  readonly postgresCpuPerMillion: number;
  readonly peakMegabytes: number;
  /** number of rows and sum of their versions are the source's */
  readonly correct: boolean;
  readonly load: string;
}

const round = (value: number, digits: number): number => Number(value.toFixed(digits));

/**
 * From the first committed rows to the whole topic's being at the target. The rows seen at first do not count, so that
 * joining the group and starting the process do not either: for both in the same way.
 */
export async function measureThroughput(
  name: string,
  begin: () => Promise<Contest>,
  given: { events: number; expected: Totals; postmaster: number },
): Promise<{ result: Throughput; contest: Contest }> {
  const began = Date.now();
  const contest = await begin();
  const { target, table, pid } = contest;
  await until(
    `${name}: the first row`,
    120,
    async () => (await target.query(`select from ${table} limit 1`)).rowCount === 1,
    20,
  );
  const started = performance.now();
  const startSeconds = (Date.now() - began) / 1000;
  const cpu = { client: cpuSeconds(pid), postgres: treeCpuSeconds(given.postmaster) };
  const atFirst = (await totalsOf(target, table)).rows;
  const markers = async (): Promise<boolean> =>
    (await target.query(`select from ${table} where id = any($1::bigint[])`, [MARKERS])).rowCount === MARKERS.length;
  await until(`${name}: the last rows`, 600, markers);
  let found = await totalsOf(target, table);
  let ended = performance.now();
  const isRight = (): boolean => found.rows === given.expected.rows && found.versions === given.expected.versions;
  // the last rows of a partition can be there before another's: a wrong sum is looked at again for a while
  for (const end = Date.now() + 15_000; !isRight() && Date.now() < end; ) {
    ended = performance.now();
    found = await totalsOf(target, table);
  }
  const millions = (given.events - atFirst) / 1_000_000;
  const seconds = (ended - started) / 1000;
  const result = {
    name,
    eventsPerSecond: Math.round((millions * 1_000_000) / seconds),
    seconds: round(seconds, 2),
    startSeconds: round(startSeconds, 1),
    clientCpuPerMillion: round((cpuSeconds(pid) - cpu.client) / millions, 1),
    postgresCpuPerMillion: round((treeCpuSeconds(given.postmaster) - cpu.postgres) / millions, 1),
    peakMegabytes: peakResidentMegabytes(pid),
    correct: isRight(),
    load: loadAverage(),
  };
  return { result, contest };
}
