import { describe, expect, inject, it } from 'vitest';
import { parseAddress, trafficSupabase } from '../../src/rehearsal/index.ts';
import { chance } from '../support/chance.ts';
import { type FhirProxy, fhirProxy } from '../support/fhir-proxy.ts';
import { type Sampler, sampleMonotone } from '../support/monotone.ts';
import { settledDifferences } from '../support/oracle.ts';
import { pickFault, startOne } from '../support/random-faults.ts';
import { writeTable } from '../support/report.ts';
import { type Rig, startRig } from '../support/rig.ts';

/** how many seeds, or which, e.g. `201-250` */
const asked = (process.env.SLUICE_FAULTS ?? '300').split('-').map(Number);
const [FIRST, LAST] = asked.length === 2 ? (asked as [number, number]) : [1, asked[0] as number];
/** faults one pipeline lives through; a comparison reads its topics whole, which grow with each */
const PER_RIG = 50;
const LANES = 3;
/** full comparisons are dear; a difference is then narrowed down by running the seeds before it */
const COMPARE_EVERY = 10;

const rows: string[][] = [];
let slowest = 0;

function report(): void {
  writeTable(
    'faults',
    'Seeded faults under traffic',
    ['seed', 'fault', 'point', 'verdict', 'seconds to recover'],
    rows.toSorted((x, y) => Number(x[0]) - Number(y[0])),
    [
      `${rows.length} faults. After each, a worker had to work everything off by itself, with nothing halted or parked; every ` +
        `${COMPARE_EVERY}th time all targets were compared with transform(fold of source), which covers the faults before. ` +
        `Slowest recovery ${slowest.toFixed(1)} s after the end of fault and traffic, start of a new worker included. ` +
        "Workers bear one name and take their predecessor's lanes over at once; under another name that takes up to 10 s more.",
    ],
  );
}

/** One pipeline, and what looks at it all the while. */
async function campaign(first: number, last: number): Promise<void> {
  const stack = inject('stack');
  const proxy = await fhirProxy(stack.fhir);
  const rig = await startRig(stack, { rows: 20, seed: 41n, variables: { SLUICE_FHIR_URL: proxy.url } });
  // what was there before counts for no fault
  const calm = startOne(rig);
  await rig.settled(300);
  calm.child.kill('SIGTERM');
  await calm.exited;
  const sampler = await sampleMonotone(rig);
  try {
    for (let seed = first; seed <= last; seed += 1) await survive({ rig, proxy, sampler }, seed, seed === last);
  } finally {
    await sampler.stop();
    await rig.close();
    await proxy.close();
  }
}

interface Place {
  readonly rig: Rig;
  readonly proxy: FhirProxy;
  readonly sampler: Sampler;
}

async function survive({ rig, proxy, sampler }: Place, seed: number, isLast: boolean): Promise<void> {
  const random = chance(seed);
  const address = parseAddress(rig.config.sourceUrl('supabase'));
  const busy = trafficSupabase(address, { rate: 40, seconds: 3, seed: BigInt(seed) });
  const { fault, point, survivor } = await pickFault(random)({ rig, proxy, random });
  let started = Date.now();
  const worker = survivor ?? startOne(rig);
  await busy.then(() => {
    started = Math.max(started, Date.now());
  });
  await sampler
    .still(() => rig.settled(90))
    .catch((error: Error) => {
      const log = worker
        .log()
        .split('\n')
        .filter((line) => !line.includes('"level":30'));
      throw new Error(`seed ${seed}, ${fault}, ${point}: ${error.message}\n${log.slice(-30).join('\n')}`);
    });
  const seconds = (Date.now() - started) / 1000;
  slowest = Math.max(slowest, seconds);
  const isCompared = seed % COMPARE_EVERY === 0 || isLast;
  const found = isCompared ? await sampler.still(() => settledDifferences(rig)) : [];
  const { halts, flows } = await rig.status();
  const aside = halts.length + flows.reduce((sum, { parked }) => sum + parked, 0);
  worker.child.kill('SIGKILL');
  await worker.exited;
  const verdict = isCompared ? (found.length === 0 ? 'no difference' : `${found.length} differ`) : 'settled';
  rows.push([String(seed), fault, point, aside === 0 ? verdict : `${verdict}, ${aside} aside`, seconds.toFixed(1)]);
  report();
  expect(found, `after seed ${seed}`).toEqual([]);
  expect(sampler.wentBack, `reads that went back, up to seed ${seed}`).toEqual([]);
  expect(aside, `halted or parked after seed ${seed}`).toBe(0);
}

describe(`${LAST - FIRST + 1} seeded faults under traffic`, () => {
  // A fault is mostly waiting, so some pipelines are tried side by side; each goes on with the next seeds when it is done.
  const starts: number[] = [];
  for (let first = FIRST; first <= LAST; first += PER_RIG) starts.push(first);
  for (let lane = 0; lane < LANES; lane += 1) {
    const own = starts.filter((_, n) => n % LANES === lane);
    if (own.length === 0) continue;
    const timeout = own.length * PER_RIG * 60_000;
    it.concurrent(`${own.map((first) => `${first} to ${Math.min(LAST, first + PER_RIG - 1)}`).join(', ')} leave no difference`, {
      timeout,
    }, async () => {
      for (const first of own) await campaign(first, Math.min(LAST, first + PER_RIG - 1));
    });
  }
});
