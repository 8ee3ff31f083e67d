import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { FIGURES } from '../../src/app/figures.ts';
import {
  alertmanagerConfig,
  missingPackage,
  NATIVE_PARTS,
  prometheusConfig,
  RULES,
} from '../../src/stack/monitoring.ts';
import { end, launch, waitUntilReady } from '../../src/stack/part-process.ts';
import { addressesOf, PORTS, type StackSettings, stackSettings } from '../../src/stack/settings.ts';
import { type Rig, startRig, type WorkerProcess } from '../support/rig.ts';

interface Alert {
  readonly status: 'firing' | 'resolved';
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

interface Board {
  readonly title: string;
  readonly panels: readonly { readonly title: string; readonly targets?: readonly { readonly expr: string }[] }[];
}

/** Panels that are empty when all is well, or when nothing is sent to another server. */
const EMPTY_WHEN_WELL = new Set(['To blame', 'Halts', 'Gaps', 'Slower than 5 s', 'Commit to target', 'Passed']);

const bare = stackSettings({}, process.env);
const installed = NATIVE_PARTS.every(({ name }) => missingPackage(bare, name) === null);

let rig: Rig;
let worker: WorkerProcess;
let home: string;
let settings: StackSettings;
let hook: Server;
const alerts: Alert[] = [];

async function listen(): Promise<string> {
  hook = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => {
      text += chunk;
    });
    request.on('end', () => {
      alerts.push(...(JSON.parse(text) as { alerts: Alert[] }).alerts);
      response.end();
    });
  });
  await new Promise<void>((done) => hook.listen(0, '127.0.0.1', done));
  return `http://127.0.0.1:${(hook.address() as AddressInfo).port}/`;
}

/** The rules as they are, but nothing waits for longer than two seconds. */
function hastyRules(): string {
  for (const name of readdirSync(RULES).filter((one) => one.endsWith('.rules.yml'))) {
    const text = readFileSync(join(RULES, name), 'utf8');
    writeFileSync(join(home, name), text.replace(/^( +for:) \S+$/gm, '$1 2s').replace(/interval: 30s/, 'interval: 1s'));
  }
  return join(home, '*.rules.yml');
}

async function startWatching(): Promise<void> {
  const configs = {
    prometheus: prometheusConfig({
      workers: [`127.0.0.1:${worker.port}`],
      reconcile: [],
      alertmanager: `127.0.0.1:${settings.ports.alertmanager}`,
      rules: hastyRules(),
      everySeconds: 1,
    }),
    alertmanager: alertmanagerConfig(await listen(), 1),
  };
  for (const part of NATIVE_PARTS) {
    const start = part.start(settings);
    writeFileSync(join(home, 'run', `${part.name}.yml`), configs[part.name as keyof typeof configs]);
    launch(settings, start);
    await waitUntilReady(settings, part.name, { seconds: 60, ready: () => part.ready(settings) });
  }
}

async function ask(expr: string): Promise<{ readonly status: string; readonly data?: { result: unknown[] } }> {
  const url = `${addressesOf(settings, false).prometheus}/api/v1/query?query=${encodeURIComponent(expr)}`;
  return (await (await fetch(url)).json()) as never;
}

const page = async (): Promise<string> => (await fetch(`http://127.0.0.1:${worker.port}/metrics`)).text();

const connector = async (what: 'pause' | 'resume'): Promise<void> => {
  const name = `${rig.config.prefix}sluice-supabase`;
  const all = (await (await fetch(`${rig.config.connect}/connectors`)).json()) as string[];
  const own = all.find((one) => one.startsWith(rig.config.prefix)) ?? name;
  const { ok } = await fetch(`${rig.config.connect}/connectors/${own}/${what}`, { method: 'PUT' });
  expect(ok).toBe(true);
};

describe.skipIf(!installed)('watching a run, from the change to the alert', () => {
  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'sluice-monitoring-'));
    const ports = Object.fromEntries(Object.keys(PORTS).map((name, at) => [name, 28_680 + at]));
    settings = stackSettings({ home, ports: ports as StackSettings['ports'] });
    rig = await startRig(inject('stack'), { rows: 6 });
    worker = rig.startWorker(['--without', 'fhir']);
    while (!/sluice_heartbeat_age_seconds\{/.test(await page().catch(() => ''))) await sleep(300);
    await startWatching();
    const traffic = await rig.sluice('traffic', 'supabase', '--rate', '20', '--for', '3s', '--json');
    expect(traffic.code, traffic.err).toBe(0);
  }, 180_000);

  afterAll(async () => {
    for (const { name } of NATIVE_PARTS) await end(settings, name, 10);
    hook?.close();
    await rig?.close();
    rmSync(home, { recursive: true, force: true });
  }, 60_000);

  it('a worker shows every stage of the way, and no row in any label', async () => {
    await expect
      .poll(page, { timeout: 30_000, interval: 500 })
      .toMatch(/sluice_stage_duration_seconds_count\{[^}]*stage="derive"[^}]*\} [1-9]/);
    const text = await page();
    for (const stage of ['capture', 'broker', 'queue', 'land'])
      expect(text).toMatch(new RegExp(`sluice_stage_duration_seconds_count\\{[^}]*stage="${stage}"[^}]*\\} [1-9]`));
    // what Node shows beside ours is named as prom-client likes it
    const own = text.split('\n').filter((line) => /^(# \w+ )?sluice_/.test(line));
    const input = `${own.join('\n')}\n`;
    const { status, stderr, stdout } = spawnSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' });
    expect(status, stdout + stderr).toBe(0);
    const series = text.split('\n').filter((line) => line.startsWith('sluice_'));
    const values = series.flatMap((line) => [...line.matchAll(/\w+="([^"]*)"/g)].map(([, value = '']) => value));
    // an NHS number, whole or in the groups people write it in
    expect(values.filter((value) => /(?<!\d)\d{3}[ -]?\d{3}[ -]?\d{4}(?!\d)/.test(value))).toEqual([]);
    // each label has few values: a key would have many
    const byLabel = new Map<string, Set<string>>();
    for (const line of series)
      for (const [, label = '', value = ''] of line.matchAll(/(\w+)="([^"]*)"/g))
        byLabel.set(label, (byLabel.get(label) ?? new Set()).add(value));
    for (const [label, found] of byLabel) expect.soft(found.size, label).toBeLessThanOrEqual(60);
    expect(series.length).toBeLessThan(6_000);
    for (const name of Object.keys(FIGURES)) expect.soft(text).toContain(`# TYPE ${name} `);
  }, 60_000);

  it('every panel of every board is a query Prometheus answers, with data where there is any', async () => {
    const { status, stderr } = spawnSync(process.execPath, ['scripts/dashboards.mjs', '--check'], { encoding: 'utf8' });
    expect(status, stderr).toBe(0);
    // a rate needs something to happen between two looks of Prometheus
    const traffic = rig.sluice('traffic', 'supabase', '--rate', '10', '--for', '15s', '--json');
    await expect
      .poll(async () => (await ask('rate(sluice_stage_duration_seconds_count[1m]) > 0')).data?.result.length ?? 0, {
        timeout: 40_000,
        interval: 1_000,
      })
      .toBeGreaterThan(0);
    const folder = join(RULES, 'dashboards');
    const boards = readdirSync(folder).map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Board);
    expect(boards).toHaveLength(4);
    let asked = 0;
    /** What is asked for, by the panel that shows it. */
    const empty = new Map<string, string>();
    for (const { title: of, panels } of boards)
      for (const { title, targets = [] } of panels)
        for (const { expr } of targets) {
          const filled = expr
            .replaceAll('$pipeline', rig.open.name)
            .replaceAll('$flow', '.*')
            .replaceAll('$__rate_interval', '1m');
          const answer = await ask(filled);
          asked += 1;
          expect.soft(answer.status, `${of}, ${title}: ${filled}`).toBe('success');
          // shown by `sluice reconcile run`, which does not run here
          const others = /sluice_recon_|divergence/.test(filled);
          if (!others && !EMPTY_WHEN_WELL.has(title)) empty.set(`${of}, ${title}: ${filled}`, filled);
        }
    expect(asked).toBeGreaterThan(30);
    // what a rule records comes some looks after what it is made of
    const stillEmpty = async (): Promise<readonly string[]> => {
      for (const [panel, expr] of empty) if ((await ask(expr)).data?.result.length) empty.delete(panel);
      return [...empty.keys()];
    };
    await expect.poll(stillEmpty, { timeout: 40_000, interval: 1_000 }).toEqual([]);
    await traffic;
  }, 150_000);

  it('a paused connector becomes an alert with its runbook, and an all-clear when it goes on', async () => {
    const told = (status: Alert['status']) =>
      alerts.filter(
        (one) =>
          one.status === status && one.labels.alertname === 'SluiceTaskNotRunning' && one.labels.state === 'paused',
      );
    expect(told('firing')).toEqual([]);
    const began = Date.now();
    await connector('pause');
    await expect.poll(() => told('firing').length, { timeout: 60_000, interval: 250 }).toBeGreaterThan(0);
    console.log(`from the pause to the webhook: ${((Date.now() - began) / 1000).toFixed(1)} s`);
    expect(told('firing')[0]).toMatchObject({
      labels: { severity: 'page', pipeline: rig.open.name, task: '0' },
      annotations: { runbook_url: 'docs/runbooks/connector.md', summary: expect.stringContaining('paused') as string },
    });
    await connector('resume');
    await expect.poll(() => told('resolved').length, { timeout: 60_000, interval: 250 }).toBeGreaterThan(0);
  }, 130_000);
});
