import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Rig } from '../rig.ts';

const SLUICE = fileURLToPath(new URL('../../../bin/sluice.js', import.meta.url));
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Documents compared, by flow, engine and kind of target. */
export type Comparisons = Map<string, number>;

/** `sluice reconcile run` of a rig, which may be killed and started again; what was compared is counted through that. */
export class Reconciler {
  readonly #rig: Rig;
  #child: ChildProcess | null = null;
  #port = 0;
  readonly #before: Comparisons = new Map();
  #now: Comparisons = new Map();
  #rounds = 0;
  #said = '';

  constructor(rig: Rig) {
    this.#rig = rig;
  }

  start(...options: readonly string[]): void {
    // below what stacks and outgoing connections use
    this.#port = 16_000 + Math.floor(Math.random() * 2_000);
    this.#rounds = 0;
    const call = [SLUICE, 'reconcile', 'run', this.#rig.migration, '--port', String(this.#port), '--json', ...options];
    const child = spawn(process.execPath, call, {
      env: { ...process.env, ...this.#rig.variables },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const hear = (chunk: Buffer): void => {
      // its log is told there, too
      this.#rounds += chunk.toString().match(/^\{"seconds":[^,]*,"failed":\[\]/gm)?.length ?? 0;
      this.#said = (this.#said + chunk.toString()).slice(-4_000);
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    this.#child = child;
  }

  /** Waits for so many whole scans. */
  async scanned(rounds: number, seconds: number): Promise<void> {
    for (const until = Date.now() + seconds * 1000; this.#rounds < rounds; await pause(200))
      if (Date.now() > until || this.#child?.exitCode !== null)
        throw new Error(`no ${rounds} scans in ${seconds} s: ${this.#said}`);
  }

  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.read();
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null) return;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await Promise.race([exited, pause(15_000).then(() => child.kill('SIGKILL'))]);
    for (const [name, n] of this.#now) this.#before.set(name, (this.#before.get(name) ?? 0) + n);
    this.#now = new Map();
  }

  /** All that was compared up to now; what a killed one did after it was last asked is not in it. */
  async read(): Promise<Comparisons> {
    const page = await fetch(`http://127.0.0.1:${this.#port}/metrics`)
      .then((answer) => answer.text())
      .catch(() => '');
    for (const [, labels = '', value] of page.matchAll(/^sluice_recon_compared_total\{(.*)\} (\S+)$/gm)) {
      const of = (name: string): string => new RegExp(`${name}="([^"]*)"`).exec(labels)?.[1] ?? '';
      this.#now.set([of('flow'), of('engine'), of('store')].join('\u001f'), Number(value));
    }
    const all: Comparisons = new Map(this.#before);
    for (const [name, n] of this.#now) all.set(name, (all.get(name) ?? 0) + n);
    return all;
  }
}
