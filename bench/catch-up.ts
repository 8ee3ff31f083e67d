import Table from 'cli-table3';
import type { Contest, Contestant } from './contestant.ts';
import { until } from './place.ts';
import { cpuSeconds, loadAverage, residentMegabytes } from './usage.ts';

/** What one slice of the backlog took. */
interface Slice {
  readonly done: number;
  readonly perSecond: number;
  readonly megabytes: number;
  readonly cpuPerMillion: number;
  readonly load: string;
}

const SLICES = 10;

const landedOf = async ({ target }: Contest): Promise<number> => {
  const { rows } = await target.query<{ sum: string }>('select coalesce(sum(next_offset), 0) as sum from sluice.progress');
  return Number(rows[0]?.sum ?? 0);
};

/** Starts ours on a topic of so many records and notes rate and memory for each tenth of it; prints each as it comes. */
export async function catchUp(ours: Contestant, records: number, say: (line: string) => void): Promise<readonly Slice[]> {
  const contest = await ours.begin(0);
  const slices: Slice[] = [];
  try {
    await until('the first records are landed', 120, async () => (await landedOf(contest)) > 0, 20);
    let before = { at: performance.now(), landed: await landedOf(contest), cpu: cpuSeconds(contest.pid) };
    for (let n = 1; n <= SLICES; n++) {
      let landed = 0;
      await until(`${n} of ${SLICES} parts`, 900, async () => {
        landed = await landedOf(contest);
        return landed >= Math.floor((records * n) / SLICES);
      });
      const now = { at: performance.now(), landed, cpu: cpuSeconds(contest.pid) };
      const count = now.landed - before.landed;
      const slice = {
        done: landed,
        perSecond: Math.round((count * 1000) / (now.at - before.at)),
        megabytes: residentMegabytes(contest.pid),
        cpuPerMillion: Number((((now.cpu - before.cpu) * 1_000_000) / count).toFixed(1)),
        load: loadAverage(),
      };
      say(JSON.stringify(slice));
      slices.push(slice);
      before = now;
    }
  } finally {
    await contest.close();
  }
  return slices;
}

export function catchUpText(slices: readonly Slice[]): string {
  const table = new Table({
    head: ['records landed', 'records/s', 'resident MB', 'client CPU s/M', 'load'],
    style: { head: [], border: [] },
  });
  table.push(...slices.map((s) => [s.done, s.perSecond, s.megabytes, s.cpuPerMillion, s.load]));
  return table.toString();
}
