import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { SluiceError } from '../core/index.ts';
import { archiveFor, NO_ARCHIVE } from './class-archives.ts';
import { underLock } from './lock.ts';
import { followLog, lastLines } from './log-tail.ts';
import { missingPackage, NATIVE_PARTS, type NativePart } from './monitoring.ts';
import { end, launch, logOf, refuseForeign, waitUntilReady } from './part-process.ts';
import { JAVA_PARTS, type JavaPart } from './parts.ts';
import { postgresData, runAs } from './postgres-files.ts';
import { makeDatabases, POSTGRES_PATIENCE_SECONDS, postgresReady, upPostgres } from './postgres-server.ts';
import { isListening } from './probes.ts';
import { isAlive, type ProcessRecord, readRecord, recordReady, residentMegabytes } from './process-record.ts';
import type { PartStatus, Progress, Provider } from './provider.ts';
import { PARTS, type PartName, type StackSettings } from './settings.ts';
import { type Jars, resolveJars } from './tools.ts';

const javaPart = (name: PartName): JavaPart | undefined => JAVA_PARTS.find((candidate) => candidate.name === name);

const nativePart = (name: PartName): NativePart | undefined =>
  NATIVE_PARTS.find((candidate) => candidate.name === name);

const patienceOf = (part: PartName): number =>
  (javaPart(part) ?? nativePart(part))?.patienceSeconds ?? POSTGRES_PATIENCE_SECONDS;

async function isReady(settings: StackSettings, part: PartName): Promise<boolean> {
  if (!(await isListening(settings.ports[part]))) return false;
  return (await (javaPart(part) ?? nativePart(part))?.ready(settings)) ?? postgresReady(settings);
}

/** Time left to a part that was started and has not been ready yet; 0 when it had its time or has been ready before. */
function secondsLeft(part: PartName, record: ProcessRecord): number {
  if (record.wasReady) return 0;
  return Math.max(0, patienceOf(part) - (Date.now() - Date.parse(record.since)) / 1000);
}

type Standing = 'running' | 'starting' | 'missing';

async function standingOf(settings: StackSettings, part: PartName): Promise<Standing> {
  const record = readRecord(settings.home, part);
  if (!isAlive(record)) return 'missing';
  // a server under load may let some questions time out; it is not restarted for that
  for (let attempt = 1; attempt <= 6; attempt++) {
    if (!(await isReady(settings, part))) continue;
    recordReady(settings.home, part);
    return 'running';
  }
  // a part of ours that lives and does not answer is half dead: it is ended and started anew
  return secondsLeft(part, record) > 0 ? 'starting' : 'missing';
}

function launchJava(settings: StackSettings, part: JavaPart, place: Jars): void {
  const command = part.command(settings, place.jars);
  if (part.name === 'kafka') formatKafka(settings, place.jars, command.args.at(-1) as string);
  const archive = part.archived ? archiveFor(part.name, { ...place, home: settings.home }) : NO_ARCHIVE;
  const args = [...archive.args, ...command.args];
  launch(settings, { ...command, part: part.name, command: 'java', args, archive: archive.making });
}

function formatKafka(settings: StackSettings, jars: string, properties: string): void {
  if (existsSync(join(settings.home, 'data', 'kafka', 'meta.properties'))) return;
  const tool = ['-XX:TieredStopAtLevel=1', '-cp', join(jars, 'kafka', '*'), 'kafka.tools.StorageTool', 'format'];
  const made = spawnSync('java', [...tool, '-t', 'MkU3OEVBNTcwNTJENDM2Qk', '-c', properties], {
    encoding: 'utf8',
    env: { ...settings.environment },
  });
  if (made.status !== 0)
    throw new SluiceError('CONFIG_INVALID', `Kafka's storage cannot be formatted: ${(made.stderr ?? '').slice(-300)}`);
}

/** What must be ready before a part is started. The FHIR server eats both cores while it starts, so it comes last. */
const AFTER: Readonly<Record<PartName, readonly PartName[]>> = {
  postgres: [],
  kafka: [],
  registry: [],
  connect: ['kafka'],
  dynamodb: ['kafka'],
  alertmanager: [],
  prometheus: ['alertmanager'],
  fhir: ['postgres', 'kafka', 'registry', 'connect', 'dynamodb'],
};

async function upParts(settings: StackSettings, options: { waitForFhir: boolean }, say: Progress): Promise<void> {
  const wanted = PARTS.filter((part) => {
    if (settings.without.includes(part)) return false;
    const missing = missingPackage(settings, part);
    if (missing !== null) say(part, 'stopped', `left out: ${missing}`);
    return missing === null;
  });
  const standings = new Map<PartName, Standing>();
  await Promise.all(wanted.map(async (part) => standings.set(part, await standingOf(settings, part))));
  const missing = wanted.filter((part) => standings.get(part) === 'missing');
  const place = missing.some((part) => javaPart(part) !== undefined)
    ? await resolveJars(settings, (what) => say('jars', 'working', what))
    : null;
  for (const part of missing) {
    await end(settings, part, 10);
    await refuseForeign(settings, part);
  }
  const work = new Map<PartName, Promise<void>>();
  const bring = async (part: PartName): Promise<void> => {
    if (standings.get(part) === 'running') return say(part, 'ready', 'was running');
    await Promise.all(AFTER[part].map((other) => work.get(other)));
    const began = Date.now();
    say(part, 'starting', '');
    const [java, native] = [javaPart(part), nativePart(part)];
    if (standings.get(part) === 'missing') {
      if (native) launch(settings, native.start(settings));
      else if (!java) await upPostgres(settings);
      else if (place) launchJava(settings, java, place);
    }
    if (part === 'fhir' && !options.waitForFhir)
      return say('fhir', 'starting', 'goes on by itself; `sluice stack status` tells when it is ready');
    await waitUntilReady(settings, part, { seconds: patienceOf(part), ready: () => isReady(settings, part) });
    say(part, 'ready', `${((Date.now() - began) / 1000).toFixed(1)} s`);
  };
  // in this order each part finds the ones it waits for
  for (const part of [
    'postgres',
    'kafka',
    'registry',
    'connect',
    'dynamodb',
    'alertmanager',
    'prometheus',
    'fhir',
  ] as const)
    if (wanted.includes(part))
      work.set(part, part === 'postgres' ? bring(part).then(() => makeDatabases(settings)) : bring(part));
  const results = await Promise.allSettled(work.values());
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}

/** Parts as plain processes of this machine. */
export const processes: Provider = {
  async up(settings, options, say) {
    await underLock(join(settings.home, 'up.lock'), () => upParts(settings, options, say));
  },

  async down(settings, options, say) {
    for (const group of [
      ['connect', 'fhir', 'dynamodb', 'prometheus', 'alertmanager'],
      ['registry'],
      ['kafka'],
      ['postgres'],
    ] as const) {
      await Promise.all(
        group.map(async (part) => {
          const record = readRecord(settings.home, part);
          if (record === null) return;
          if (isAlive(record) && record.archive)
            say(part, 'working', 'writes a class archive, once, for a faster next start');
          await end(settings, part, 25);
          say(part, 'stopped', '');
        }),
      );
    }
    if (options.purge) purge(settings);
  },

  async status(settings) {
    return Promise.all(PARTS.map((part) => statusOf(settings, part)));
  },

  async logs(settings, part, options) {
    const path = logOf(settings, part);
    if (!existsSync(path)) throw new SluiceError('CONFIG_INVALID', `${part} has written no log in ${settings.home}`);
    const print = (text: string): boolean => process.stdout.write(text);
    if (options.follow) return followLog(path, { lines: options.lines, print, signal: new AbortController().signal });
    for (const line of lastLines(path, options.lines)) print(`${line}\n`);
  },
};

/** The home itself goes when nothing else is in it: somebody may have named a folder that holds more. */
function purge(settings: StackSettings): void {
  rmSync(postgresData(settings.home, runAs()), { recursive: true, force: true });
  // the anchor of gate records is of a ledger that is gone with the data
  for (const folder of ['data', 'logs', 'run', 'gates'])
    rmSync(join(settings.home, folder), { recursive: true, force: true });
  if (existsSync(settings.home) && readdirSync(settings.home).length === 0) rmdirSync(settings.home);
}

async function statusOf(settings: StackSettings, part: PartName): Promise<PartStatus> {
  const port = settings.ports[part];
  const record = readRecord(settings.home, part);
  const base = { part, port, pid: null, since: null, rssMb: null };
  if (!isAlive(record)) {
    if (await isListening(port))
      return { ...base, state: 'foreign', detail: 'the port is taken by a process that is not ours' };
    if (record) return { ...base, state: 'dead', detail: 'it ended by itself; `sluice up` starts it again' };
    const missing = missingPackage(settings, part);
    const isLeftOut = missing !== null || settings.without.includes(part);
    return { ...base, state: isLeftOut ? 'left out' : 'stopped', detail: missing ?? '' };
  }
  const ready = await isReady(settings, part).catch(() => false);
  const alive = { part, port, pid: record.pid, since: record.since, rssMb: residentMegabytes(record.pid) };
  if (ready) return { ...alive, state: 'running', detail: '' };
  return secondsLeft(part, record) > 0
    ? { ...alive, state: 'starting', detail: 'not ready yet' }
    : { ...alive, state: 'not answering', detail: '`sluice up` ends it and starts it again' };
}
