import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SluiceError } from '../core/index.ts';
import { settleArchive } from './class-archives.ts';
import { lastLines } from './log-tail.ts';
import { isListening } from './probes.ts';
import { type ArchivePlaces, isAlive, readRecord, recordReady, removeRecord, writeRecord } from './process-record.ts';
import { type PartName, PORTS, type PortName, type StackSettings } from './settings.ts';

export const logOf = (settings: StackSettings, part: PartName): string => join(settings.home, 'logs', `${part}.log`);

/** Throws CONFIG_INVALID when a port that this part needs is somebody else's. */
export async function refuseForeign(settings: StackSettings, part: PartName): Promise<void> {
  const names: readonly PortName[] = part === 'kafka' ? ['kafka', 'kafkaController'] : [part];
  for (const name of names) {
    const port = settings.ports[name];
    if (!(await isListening(port))) continue;
    throw new SluiceError(
      'CONFIG_INVALID',
      `${part}: port ${port} is taken by a process that is not ours; end it or set ${PORTS[name][0]} to another port`,
    );
  }
}

export interface Start {
  readonly part: PartName;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly as?: { uid: number; gid: number };
  readonly archive?: ArchivePlaces | null;
}

/** Starts a process that outlives this one. */
export function launch(settings: StackSettings, start: Start): void {
  mkdirSync(join(settings.home, 'logs'), { recursive: true });
  const out = openSync(logOf(settings, start.part), 'a');
  const child = spawn(start.command, [...start.args], {
    detached: true,
    stdio: ['ignore', out, out],
    cwd: start.cwd ?? '/',
    env: { ...settings.environment, ...start.env },
    ...(start.as ?? {}),
  });
  closeSync(out);
  // a command that cannot be started says so by an event as well, which nobody else listens to
  child.once('error', () => undefined);
  child.unref();
  if (child.pid === undefined)
    throw new SluiceError('CONFIG_INVALID', `${start.part}: ${start.command} cannot be started`);
  const port = settings.ports[start.part];
  if (!writeRecord(settings.home, start.part, { pid: child.pid, port, archive: start.archive ?? null }))
    throw endedWhileStarting(settings, start.part);
}

function endedWhileStarting(settings: StackSettings, part: PartName): SluiceError {
  const words = lastLines(logOf(settings, part), 3).join(' | ').slice(0, 400);
  return new SluiceError('CONFIG_INVALID', `${part} ended while starting: ${words}; see \`sluice logs ${part}\``);
}

export async function waitUntilReady(
  settings: StackSettings,
  part: PartName,
  until: { seconds: number; ready: () => Promise<boolean> },
): Promise<void> {
  const deadline = Date.now() + until.seconds * 1000;
  while (Date.now() < deadline) {
    if (!isAlive(readRecord(settings.home, part))) throw endedWhileStarting(settings, part);
    if ((await isListening(settings.ports[part])) && (await until.ready())) {
      recordReady(settings.home, part);
      return;
    }
    await sleep(100);
  }
  throw new SluiceError(
    'CONFIG_INVALID',
    `${part} was not ready after ${until.seconds} s; see \`sluice logs ${part}\``,
  );
}

/** SIGTERM, then SIGKILL to what does not go within so many seconds. Answers when the process is gone. */
export async function end(settings: StackSettings, part: PartName, seconds: number): Promise<void> {
  const record = readRecord(settings.home, part);
  let endedWell = false;
  if (isAlive(record)) {
    // SIGINT lets PostgreSQL end its clients at once; SIGTERM would wait for them
    kill(record.pid, part === 'postgres' ? 'SIGINT' : 'SIGTERM');
    // writing a class archive takes a JVM many seconds on a busy machine, once
    const deadline = Date.now() + (record.archive ? 120 : seconds) * 1000;
    while (isAlive(record) && Date.now() < deadline) await sleep(50);
    endedWell = !isAlive(record);
    if (!endedWell) kill(record.pid, 'SIGKILL');
    while (isAlive(record)) await sleep(20);
  }
  settleArchive(record, endedWell);
  removeRecord(settings.home, part);
}

/** It may end by itself between the look and the signal. */
function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
