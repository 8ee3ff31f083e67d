/**
 * `npm run bench:dos`: a full sync of invented services into DynamoDB Local, beside what DynamoDB Local itself takes of
 * the very same transactions when they come ready from memory.
 */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { isoNow } from '../src/app/clock.ts';
import { loadConfig } from '../src/app/config.ts';
import { openDynamoDbItems, putsOf } from '../src/app/dos/dynamodb-items.ts';
import { type HeldItem, type ItemStore, MemoryItems, WRITTEN } from '../src/app/dos/items.ts';
import { syncAll } from '../src/app/dos/migrate.ts';
import { readDosSource } from '../src/app/dos/source-rows.ts';
import { dynamoDbPlace } from '../src/app/dynamodb.ts';
import { DEFAULTS, TABLE_TARGETS } from '../src/migrations/dos/index.ts';
import { parseAddress, seedDos } from '../src/rehearsal/index.ts';
import { createGuardedItems, createTables, type ItemPut } from '../src/sinks/dynamodb/index.ts';
import { openSourceReader } from '../src/source/index.ts';
import { addresses, stackSettings } from '../src/stack/index.ts';
import { startDynamoDb } from './dynamodb.ts';
import { dropDatabase, makeDatabase, type Place, placeOf, urlOf } from './place.ts';
import { loadAverage } from './usage.ts';

const HELP = `npm run bench:dos -- [options]

  --services <n>  services of the source (default 5000)
  --rounds <n>    pairs of runs, each on an empty DynamoDB Local of its own in memory (default 2)
  --memory <n>    one more sync of so many, for its peak memory alone; 0 for none (default 0)
  --json          the results as one JSON line

Only PostgreSQL is used of the stack.
`;

/** What the reference does, in records per second of its CPU: FACTS, section 11. */
const REFERENCE = [28, 24] as const;
const PARALLEL = 16;

interface Measured {
  readonly services: number;
  readonly transactions: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakMegabytes: number;
}

interface Round {
  readonly load: string;
  readonly sync: MeasuredBeside;
  readonly alone: MeasuredBeside;
}

/** What the server took meanwhile, from an empty store. */
type MeasuredBeside = Measured & { readonly serverCpuSeconds: number };

const say = (line: string): void => void process.stderr.write(`${line}\n`);

function usageSince(started: number, before: NodeJS.CpuUsage): Pick<Measured, 'seconds' | 'cpuSeconds' | 'peakMegabytes'> {
  const { user, system } = process.cpuUsage(before);
  return {
    seconds: (performance.now() - started) / 1000,
    cpuSeconds: (user + system) / 1e6,
    peakMegabytes: Math.round(process.resourceUsage().maxRSS / 1024),
  };
}

/** As DynamoDB would answer: with the revision that a full sync writes. */
const asWritten = (held: ReadonlyMap<string, HeldItem>): ReadonlyMap<string, HeldItem> =>
  new Map([...held].map(([name, { item }]) => [name, { item, revision: WRITTEN }]));

/** Runs in a process of its own, so that its CPU and memory are its own. */
async function measure(url: string, dynamodb: string, way: 'sync' | 'alone'): Promise<Measured> {
  const variables = { SLUICE_DYNAMODB_URL: dynamodb, AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' };
  const place = dynamoDbPlace(loadConfig(addresses(stackSettings()), variables), 'dos');
  await createTables({ ...place, targets: Object.values(TABLE_TARGETS) });
  const reader = openSourceReader(url, 3);
  const recorded: (readonly ItemPut[])[] = [];
  const live = openDynamoDbItems(place);
  const memory = new MemoryItems();
  let transactions = 0;
  const store: ItemStore =
    way === 'sync'
      ? {
          read: (keys) => live.read(keys),
          write: (writes, seen, at) => {
            transactions += 1;
            return live.write(writes, seen, at);
          },
        }
      : {
          read: async (keys) => asWritten(await memory.read(keys)),
          write: (writes, seen, at) => {
            recorded.push(writes.flatMap((write) => putsOf(write, seen, at)));
            return memory.write(writes);
          },
        };
  const quiet = () => undefined;
  const run = () =>
    syncAll({
      source: readDosSource(reader),
      sync: { config: DEFAULTS, store, now: isoNow, parallel: PARALLEL },
      tell: quiet,
      onProgress: quiet,
    });
  try {
    if (way === 'sync') {
      const [started, before] = [performance.now(), process.cpuUsage()];
      const { services } = await run();
      return { services: services.total, transactions, ...usageSince(started, before) };
    }
    const { services } = await run();
    const items = createGuardedItems(place);
    const [started, before] = [performance.now(), process.cpuUsage()];
    const queue = recorded.values();
    const work = async (): Promise<void> => {
      for (const puts of queue) await items.put(puts);
    };
    await Promise.all(Array.from({ length: PARALLEL }, work));
    return { services: services.total, transactions: recorded.length, ...usageSince(started, before) };
  } finally {
    await reader.close();
  }
}

function inChild(...args: string[]): Promise<Measured> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), ['--child', ...args]);
    child.once('message', (measured) => resolve(measured as Measured));
    child.once('exit', (code) => reject(new Error(`the measured process ended with ${code}`)));
  });
}

async function seeded<T>(place: Place, services: number, work: (url: string) => Promise<T>): Promise<T> {
  const name = `${place.prefix}dos_${services}`;
  await makeDatabase(place, name);
  try {
    const url = urlOf(place, name);
    await seedDos(parseAddress(url), { rows: services, seed: 1n });
    return await work(url);
  } finally {
    await dropDatabase(place, name);
  }
}

/** One measured process on a server that holds nothing. */
async function onEmpty(place: Place, url: string, way: 'sync' | 'alone'): Promise<MeasuredBeside> {
  const dynamodb = await startDynamoDb(place.settings, say);
  try {
    const before = dynamodb.cpuSeconds();
    const measured = await inChild(url, dynamodb.url, way);
    return { ...measured, serverCpuSeconds: dynamodb.cpuSeconds() - before };
  } finally {
    await dynamodb.close();
  }
}

/** In turn, so that both meet the same machine. */
async function inRounds(place: Place, url: string, rounds: number): Promise<Round[]> {
  const results: Round[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const load = loadAverage();
    const ways = round % 2 === 1 ? (['alone', 'sync'] as const) : (['sync', 'alone'] as const);
    const measured = new Map<string, MeasuredBeside>();
    for (const way of ways) {
      measured.set(way, await onEmpty(place, url, way));
      say(`round ${round}, ${way}: ${JSON.stringify(measured.get(way))}`);
    }
    const [sync, alone] = [measured.get('sync'), measured.get('alone')];
    if (sync && alone) results.push({ load, sync, alone });
  }
  return results;
}

async function main(services: number, rounds: number, memory: number, json: boolean): Promise<void> {
  const settings = stackSettings();
  const place = placeOf(settings, addresses(settings), say);
  const results = await seeded(place, services, (url) => inRounds(place, url, rounds));
  const more = memory === 0 ? null : await seeded(place, memory, (url) => onEmpty(place, url, 'sync'));
  const sum = (of: (round: Round) => number): number => results.reduce((total, round) => total + of(round), 0);
  const recordsPerCpuSecond = sum(({ sync }) => sync.services) / sum(({ sync }) => sync.cpuSeconds);
  const figures: Figures = {
    results,
    more,
    recordsPerCpuSecond,
    timesTheReference: REFERENCE.map((theirs) => recordsPerCpuSecond / theirs),
    shareOfDynamoDb:
      sum(({ sync }) => sync.transactions) /
      sum(({ sync }) => sync.seconds) /
      (sum(({ alone }) => alone.transactions) / sum(({ alone }) => alone.seconds)),
  };
  process.stdout.write(json ? `${JSON.stringify(figures)}\n` : text(figures));
}

interface Figures {
  readonly results: readonly Round[];
  readonly more: MeasuredBeside | null;
  readonly recordsPerCpuSecond: number;
  readonly timesTheReference: readonly number[];
  readonly shareOfDynamoDb: number;
}

function text({ results, more, recordsPerCpuSecond, timesTheReference, shareOfDynamoDb }: Figures): string {
  const row = (name: string, load: string, measured: MeasuredBeside): string => {
    const { services, transactions, seconds, cpuSeconds, serverCpuSeconds, peakMegabytes } = measured;
    const cells = [
      name,
      services,
      transactions,
      seconds.toFixed(1),
      (transactions / seconds).toFixed(0),
      cpuSeconds.toFixed(1),
      serverCpuSeconds.toFixed(1),
      peakMegabytes,
      load,
    ];
    return `| ${cells.join(' | ')} |\n`;
  };
  return [
    '| | services | transactions | s | a second | client CPU s | server CPU s | peak MB | load |\n',
    '|---|---|---|---|---|---|---|---|---|\n',
    ...results.flatMap(({ load, sync, alone }) => [row('full sync', load, sync), row('DynamoDB alone', load, alone)]),
    more === null ? '' : row('full sync, for its memory', '', more),
    `\n${recordsPerCpuSecond.toFixed(0)} records per CPU second, `,
    `${timesTheReference.map((times) => times.toFixed(1)).join(' to ')} times the reference's 28 to 24; `,
    `${(shareOfDynamoDb * 100).toFixed(0)}% of DynamoDB alone\n`,
  ].join('');
}

if (process.argv[2] === '--child') {
  const [, , , url = '', dynamodb = '', way] = process.argv;
  process.send?.(await measure(url, dynamodb, way === 'alone' ? 'alone' : 'sync'));
  process.disconnect();
} else {
  const { values } = parseArgs({
    options: {
      services: { type: 'string', default: '5000' },
      rounds: { type: 'string', default: '2' },
      memory: { type: 'string', default: '0' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  // the server we started ends with us
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  if (values.help) process.stdout.write(HELP);
  else await main(Number(values.services), Number(values.rounds), Number(values.memory), values.json);
}
