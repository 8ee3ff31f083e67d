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
import type { ItemStore } from '../src/app/dos/items.ts';
import { syncAll } from '../src/app/dos/migrate.ts';
import { readDosSource } from '../src/app/dos/source-rows.ts';
import { dynamoDbPlace } from '../src/app/dynamodb.ts';
import { DEFAULTS, TABLE_TARGETS } from '../src/migrations/dos/index.ts';
import { parseAddress, seedDos } from '../src/rehearsal/index.ts';
import { createGuardedItems, createTables, type ItemPut } from '../src/sinks/dynamodb/index.ts';
import { openSourceReader } from '../src/source/index.ts';
import { stackSettings, up } from '../src/stack/index.ts';
import { dropDatabase, makeDatabase, type Place, placeOf, urlOf } from './place.ts';
import { loadAverage } from './usage.ts';

const HELP = `npm run bench:dos -- [options]

  --services <n>  services of the source (default 5000)
  --memory <n>    a second sync of so many, for its peak memory alone; 0 for none (default 0)
  --json          the results as one JSON line
`;

/** What the reference does, in records per second of its CPU: FACTS, section 11. */
const REFERENCE = [24, 28] as const;
const PARALLEL = 16;

interface Measured {
  readonly services: number;
  readonly transactions: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakMegabytes: number;
}

const say = (line: string): void => void process.stderr.write(`${line}\n`);

function usageSince(started: number, before: NodeJS.CpuUsage): Pick<Measured, 'seconds' | 'cpuSeconds' | 'peakMegabytes'> {
  const { user, system } = process.cpuUsage(before);
  return {
    seconds: (performance.now() - started) / 1000,
    cpuSeconds: (user + system) / 1e6,
    peakMegabytes: Math.round(process.resourceUsage().maxRSS / 1024),
  };
}

/** Runs in a process of its own, so that its CPU and memory are its own. */
async function measure(url: string, workspace: string, way: 'sync' | 'alone'): Promise<Measured> {
  const stack = await up(stackSettings(), { waitForFhir: false });
  const place = dynamoDbPlace(loadConfig(stack, { SLUICE_WORKSPACE: workspace }), 'dos');
  await createTables({ ...place, targets: Object.values(TABLE_TARGETS) });
  const reader = openSourceReader(url, 3);
  const recorded: (readonly ItemPut[])[] = [];
  const live = openDynamoDbItems(place);
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
          read: async () => new Map(),
          write: async (writes, seen, at) => {
            recorded.push(writes.flatMap((write) => putsOf(write, seen, at)));
            return 'written';
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

async function main(services: number, memory: number, json: boolean): Promise<void> {
  const settings = stackSettings();
  const place = placeOf(settings, await up(settings, { waitForFhir: false }), say);
  const workspace = place.prefix.replace('_', '');
  const [alone, sync] = await seeded(place, services, async (url) => [
    await inChild(url, `${workspace}-alone`, 'alone'),
    await inChild(url, `${workspace}-sync`, 'sync'),
  ]);
  const more = memory === 0 ? null : await seeded(place, memory, (url) => inChild(url, `${workspace}-more`, 'sync'));
  const figures = {
    load: loadAverage(),
    sync,
    alone,
    more,
    recordsPerCpuSecond: sync.services / sync.cpuSeconds,
    cpuAgainstReference: REFERENCE.map((theirs) => theirs / (sync.services / sync.cpuSeconds)),
    shareOfDynamoDb: sync.transactions / sync.seconds / (alone.transactions / alone.seconds),
  };
  process.stdout.write(json ? `${JSON.stringify(figures)}\n` : text(figures));
}

interface Figures {
  readonly load: string;
  readonly sync: Measured;
  readonly alone: Measured;
  readonly more: Measured | null;
  readonly recordsPerCpuSecond: number;
  readonly cpuAgainstReference: readonly number[];
  readonly shareOfDynamoDb: number;
}

function text({ load, sync, alone, more, recordsPerCpuSecond, cpuAgainstReference, shareOfDynamoDb }: Figures): string {
  const row = (name: string, { services, transactions, seconds, cpuSeconds, peakMegabytes }: Measured): string =>
    `| ${name} | ${services} | ${transactions} | ${(transactions / seconds).toFixed(0)} | ${cpuSeconds.toFixed(1)} | ${peakMegabytes} |\n`;
  return [
    `load average ${load}\n\n| | services | transactions | a second | client CPU s | peak MB |\n|---|---|---|---|---|---|\n`,
    row('full sync', sync),
    row('DynamoDB alone', alone),
    more === null ? '' : row('full sync, for its memory', more),
    `\n${recordsPerCpuSecond.toFixed(0)} records per CPU second; CPU a record against the reference's 24 to 28: `,
    `${cpuAgainstReference.map((share) => `1/${(1 / share).toFixed(0)}`).join(' to ')}; `,
    `${(shareOfDynamoDb * 100).toFixed(0)}% of DynamoDB alone\n`,
  ].join('');
}

if (process.argv[2] === '--child') {
  const [, , , url = '', workspace = '', way] = process.argv;
  process.send?.(await measure(url, workspace, way === 'alone' ? 'alone' : 'sync'));
  process.disconnect();
} else {
  const { values } = parseArgs({
    options: {
      services: { type: 'string', default: '5000' },
      memory: { type: 'string', default: '0' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) process.stdout.write(HELP);
  else await main(Number(values.services), Number(values.memory), values.json);
}
