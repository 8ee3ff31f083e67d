import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import type { Start } from './part-process.ts';
import { answersHttp } from './probes.ts';
import { addressesOf, type PartName, type StackSettings } from './settings.ts';

/** Rules as they are checked in; found from the sources and from the build alike. */
export const RULES = fileURLToPath(new URL('../../monitoring', import.meta.url));

export interface Watching {
  /** `host:port` of each worker */
  readonly workers: readonly string[];
  /** `host:port` of each process that compares */
  readonly reconcile: readonly string[];
  /** `host:port` */
  readonly alertmanager: string;
  /** files of rules, with wildcards */
  readonly rules: string;
  readonly everySeconds: number;
}

/**
 * Workers are one job, so that a rule can tell one that is down. What compares is another: where nobody compares, no worker
 * is missing.
 */
export function prometheusConfig({ workers, reconcile, alertmanager, rules, everySeconds }: Watching): string {
  const every = `${everySeconds}s`;
  return stringify({
    global: { scrape_interval: every, scrape_timeout: every, evaluation_interval: every },
    rule_files: [rules],
    alerting: { alertmanagers: [{ static_configs: [{ targets: [alertmanager] }] }] },
    scrape_configs: [
      { job_name: 'sluice', static_configs: [{ targets: [...workers] }] },
      { job_name: 'sluice-reconcile', static_configs: [{ targets: [...reconcile] }] },
    ],
  });
}

/** Alerts of one name and pipeline come as one message. Without a webhook they are shown in its pages only. */
export function alertmanagerConfig(webhook: string | null, waitSeconds = 10): string {
  const wait = `${waitSeconds}s`;
  return stringify({
    route: {
      receiver: 'people',
      group_by: ['alertname', 'pipeline'],
      group_wait: wait,
      group_interval: wait,
      repeat_interval: '4h',
    },
    receivers: [webhook === null ? { name: 'people' } : { name: 'people', webhook_configs: [{ url: webhook }] }],
  });
}

/** A server of the system's own packages. */
export interface NativePart {
  readonly name: PartName;
  readonly command: string;
  /** Debian's name of what has the command */
  readonly debian: string;
  readonly patienceSeconds: number;
  readonly start: (settings: StackSettings) => Start;
  readonly ready: (settings: StackSettings) => Promise<boolean>;
}

function place(
  settings: StackSettings,
  name: string,
  text: string,
): { readonly config: string; readonly data: string } {
  const [run, data] = [join(settings.home, 'run'), join(settings.home, 'data', name)];
  for (const folder of [run, data]) mkdirSync(folder, { recursive: true });
  const config = join(run, `${name}.yml`);
  writeFileSync(config, text);
  return { config, data };
}

const EVERY_SECONDS = 10;

export const NATIVE_PARTS: readonly NativePart[] = [
  {
    name: 'alertmanager',
    command: 'prometheus-alertmanager',
    debian: 'prometheus-alertmanager',
    patienceSeconds: 30,
    start: (settings) => {
      const { config, data } = place(settings, 'alertmanager', alertmanagerConfig(settings.alertWebhook));
      return {
        part: 'alertmanager',
        command: 'prometheus-alertmanager',
        args: [
          `--config.file=${config}`,
          `--storage.path=${data}`,
          `--web.listen-address=127.0.0.1:${settings.ports.alertmanager}`,
          // one alone looks for no others, and takes no second port
          '--cluster.listen-address=',
          '--log.level=warn',
        ],
        env: { GOMAXPROCS: '1', GOMEMLIMIT: '64MiB' },
      };
    },
    ready: (settings) => answersHttp(`${addressesOf(settings, false).alertmanager}/-/ready`),
  },
  {
    name: 'prometheus',
    command: 'prometheus',
    debian: 'prometheus',
    patienceSeconds: 60,
    start: (settings) => {
      const watching = {
        workers: settings.metricsTargets,
        reconcile: settings.reconcileTargets,
        alertmanager: `127.0.0.1:${settings.ports.alertmanager}`,
        rules: join(RULES, '*.rules.yml'),
        everySeconds: EVERY_SECONDS,
      };
      const { config, data } = place(settings, 'prometheus', prometheusConfig(watching));
      return {
        part: 'prometheus',
        command: 'prometheus',
        args: [
          `--config.file=${config}`,
          `--storage.tsdb.path=${data}`,
          '--storage.tsdb.retention.time=15d',
          `--web.listen-address=127.0.0.1:${settings.ports.prometheus}`,
          '--log.level=warn',
        ],
        env: { GOMAXPROCS: '1', GOMEMLIMIT: '192MiB' },
      };
    },
    ready: (settings) => answersHttp(`${addressesOf(settings, false).prometheus}/-/ready`),
  },
];

/** null: it can be started; otherwise what to install. Only development wants these parts, so nothing waits for them. */
export function missingPackage(settings: StackSettings, name: PartName): string | null {
  const part = NATIVE_PARTS.find((candidate) => candidate.name === name);
  if (!part) return null;
  const { error } = spawnSync(part.command, ['--version'], { stdio: 'ignore', env: { ...settings.environment } });
  return error ? `${part.command} is not installed: apt-get install ${part.debian}` : null;
}
