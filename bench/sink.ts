import { mkdirSync } from 'node:fs';
import { stackSettings, up } from '../src/stack/index.ts';
import { catchUp, catchUpText } from './catch-up.ts';
import type { Contest, Contestant } from './contestant.ts';
import { jdbcSinkContestant } from './jdbc-sink.ts';
import { type Latency, measureLatency, sustainedRate } from './latency.ts';
import { LIMIT_NAME, limitContestant } from './limit.ts';
import { type BenchOptions, HELP, readOptions } from './options.ts';
import { type Place, placeOf } from './place.ts';
import { summarise } from './profile.ts';
import { ratios, text } from './report.ts';
import { sluiceContestant } from './sluice.ts';
import { openSource, type Source } from './source.ts';
import { measureThroughput, type Throughput } from './throughput.ts';
import { postmasterPid } from './usage.ts';

const say = (line: string): void => void process.stderr.write(`${line}\n`);

interface Arena {
  readonly place: Place;
  readonly source: Source;
  readonly contestants: readonly Contestant[];
  readonly options: BenchOptions;
}

/** Ctrl-C ends a run the way a failure does: what it made on the servers is removed. */
const interrupted = (): Promise<never> =>
  new Promise((_, fail) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => fail(new Error('interrupted')));
  });

/** In turn, so that both meet the same machine. The last round's clients are kept, paused, for the latency runs. */
async function throughputRounds(arena: Arena): Promise<{ results: Throughput[]; kept: Map<string, Contest> }> {
  const { source, contestants, options } = arena;
  const given = {
    events: options.events,
    expected: await source.totals(),
    postmaster: await postmasterPid(source.client),
  };
  const results: Throughput[] = [];
  const kept = new Map<string, Contest>();
  // one more at first, not counted: a JVM that has compiled nothing yet would be measured at a third of its speed
  for (let round = 0; round <= options.rounds; round++) {
    for (const contestant of contestants) {
      await source.client.query('checkpoint');
      const { result, contest } = await measureThroughput(contestant.name, () => contestant.begin(round), given);
      say(`${round === 0 ? 'warm-up' : `round ${round}`}: ${JSON.stringify(result)}`);
      if (round > 0) results.push(result);
      if (round < options.rounds || contestant.name === LIMIT_NAME) await contest.close();
      else {
        await contest.pause();
        kept.set(contestant.name, contest);
      }
    }
  }
  return { results, kept };
}

async function halfOfSustained(place: Place, source: Source): Promise<number> {
  // the connector was standing still: what it must first catch up with is not counted
  await sustainedRate(place, source, 2);
  const sustained = await sustainedRate(place, source, 8);
  say(`the source sustains ${sustained} commits/s`);
  return Math.min(2_000, Math.floor(sustained / 2));
}

async function latencyRuns({ place, source, options }: Arena, kept: Map<string, Contest>): Promise<Latency[]> {
  const results: Latency[] = [];
  const postmaster = await postmasterPid(source.client);
  for (const wanted of options.rates) {
    const rate = wanted === 'half' ? await halfOfSustained(place, source) : wanted;
    for (const [name, contest] of kept) {
      await contest.resume();
      const result = await measureLatency(place, name, contest, { rate, seconds: options.latencySeconds, postmaster });
      say(JSON.stringify(result));
      results.push(result);
      await contest.pause();
    }
  }
  return results;
}

async function profileOurs({ source, options }: Arena, ours: Contestant, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  // the latency runs have made the topic longer, and moved what the target must come to
  const given = {
    events: options.events,
    expected: await source.totals(),
    postmaster: await postmasterPid(source.client),
  };
  await source.stop();
  const { result, contest } = await measureThroughput(ours.name, () => ours.begin(99, folder), given);
  await contest.close();
  const { places, functions, busySeconds } = summarise(folder);
  say(`profiled: ${JSON.stringify(result)}; ${busySeconds.toFixed(1)} s busy`);
  for (const { name, percent } of places) say(`  ${percent}%  ${name}`);
  say('by function:');
  for (const { name, percent } of functions) say(`  ${percent}%  ${name}`);
}

type Closing = (() => Promise<void>)[];

async function closeAll(closing: Closing): Promise<void> {
  for (const close of closing.reverse())
    await close().catch((error: unknown) => say(`closing: ${error instanceof Error ? error.message : String(error)}`));
}

/** Answers whether every target was right. What it opens it adds to `closing`. */
async function run(options: BenchOptions, closing: Closing): Promise<boolean> {
  const given = stackSettings();
  const settings = { ...given, without: [...new Set([...given.without, 'fhir', 'dynamodb'] as const)] };
  const stack = await up(settings, { waitForFhir: false }, (part, state, detail) => say(`${part} ${state} ${detail}`));
  const place = placeOf(settings, stack, say);
  const source = await openSource(place);
  closing.push(() => source.close());
  const { records, seconds, bytes } = await source.fill(options.events);
  say(`topic: ${options.events} change events, ${records} records, in ${seconds.toFixed(0)} s; row ${bytes} B`);
  // a slot that is read would decode what is written to the targets, at PostgreSQL's expense
  await source.stop();
  const all: Contestant[] = [];
  for (const way of options.ways) {
    const ours = sluiceContestant(place, way);
    closing.push(() => ours.close());
    all.push(ours);
  }
  if (options.limit) {
    const limit = limitContestant(place);
    closing.push(() => limit.close());
    all.push(limit);
  }
  const [first] = all;
  if (options.catchUp && first) {
    process.stdout.write(`${catchUpText(await catchUp(first, records, say))}\n`);
    return true;
  }
  if (options.theirs) {
    const theirs = await jdbcSinkContestant(place);
    closing.push(() => theirs.close());
    all.unshift(theirs);
  }
  const arena: Arena = { place, source, contestants: all, options };
  const { results: throughput, kept } = await throughputRounds(arena);
  if (options.rates.length > 0) await source.resume();
  const latency = await latencyRuns(arena, kept);
  for (const contest of kept.values()) await contest.close();
  const profiled = all.filter(({ name }) => name.startsWith('Sluice')).at(-1);
  if (options.profile !== null && profiled) await profileOurs(arena, profiled, options.profile);
  const report = { events: options.events, throughput, latency };
  const shown = options.json ? JSON.stringify({ ...report, ratios: ratios(report) }) : text(report);
  process.stdout.write(`${shown}\n`);
  return throughput.every(({ correct }) => correct);
}

async function main(): Promise<void> {
  let options: BenchOptions | null;
  try {
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    process.exitCode = 2;
    return;
  }
  if (options === null) {
    process.stdout.write(HELP);
    return;
  }
  const closing: Closing = [];
  let isRight = false;
  try {
    isRight = await Promise.race([run(options, closing), interrupted()]);
  } catch (error) {
    say(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  await closeAll(closing);
  process.exit(isRight ? 0 : 1);
}

await main();
