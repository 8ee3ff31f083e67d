import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SLUICE = fileURLToPath(new URL('../../bin/sluice.js', import.meta.url));

export interface Child {
  readonly name: string;
  readonly logFile: string;
  /** null while it runs */
  exitCode(): number | null;
  stop(): Promise<void>;
}

/** Starts `sluice <args>` beside this process; it ends by itself when this process does, however that happens. */
export function startChild(name: string, args: readonly string[], logFolder: string): Child {
  mkdirSync(logFolder, { recursive: true });
  const logFile = join(logFolder, `${name}.log`);
  const log = openSync(logFile, 'a');
  // detached: Ctrl-C in the terminal reaches us alone, and we stop them in order
  const child = spawn(process.execPath, [SLUICE, ...args], { detached: true, stdio: ['ignore', log, log, 'ipc'] });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()).once('error', () => resolve()));
  return { name, logFile, exitCode: () => codeOf(child), stop: () => end(child, exited) };
}

const codeOf = (child: ChildProcess): number | null => child.exitCode ?? (child.signalCode === null ? null : 128);

async function end(child: ChildProcess, exited: Promise<void>): Promise<void> {
  if (codeOf(child) === null) child.kill('SIGTERM');
  await exited;
}
