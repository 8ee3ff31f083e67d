import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { alertmanagerConfig, missingPackage, NATIVE_PARTS, prometheusConfig } from '../../src/stack/monitoring.ts';
import { PORTS, stackSettings } from '../../src/stack/settings.ts';

const read = (path: string): string => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');

interface Compose {
  readonly services: Readonly<
    Record<'prometheus' | 'alertmanager', { command: string[]; environment: Record<string, string> }>
  >;
}
const { services } = parse(read('docker-compose.yml')) as Compose;

describe('Prometheus and Alertmanager', () => {
  test('have as containers the configuration they have as processes, but for addresses', () => {
    const prometheus = prometheusConfig({
      workers: [`host.docker.internal:9464`],
      reconcile: [`host.docker.internal:9466`],
      alertmanager: 'alertmanager:9093',
      rules: '/etc/prometheus/*.rules.yml',
      everySeconds: 10,
    });
    const comment = (text: string): string => text.replace(/^#.*\n/gm, '');
    expect(comment(read('monitoring/prometheus.yml'))).toBe(prometheus);
    expect(comment(read('monitoring/alertmanager.yml'))).toBe(alertmanagerConfig(null));
  });

  test.each(['prometheus', 'alertmanager'] as const)('%s is started alike, but for its places', (name) => {
    const part = NATIVE_PARTS.find((candidate) => candidate.name === name);
    const started = part?.start(stackSettings({ home: join(tmpdir(), 'sluice-monitoring-test') }, {}));
    const placed = /^--(config\.file|storage\.(tsdb\.)?path|web\.listen-address)/;
    const plain = (args: readonly string[] = []): string[] => args.filter((arg) => !placed.test(arg)).sort();
    expect(plain(started?.args)).toEqual(plain(services[name].command));
    expect(started?.env).toEqual(services[name].environment);
    expect(started?.args).toContain(`--web.listen-address=127.0.0.1:${PORTS[name][1]}`);
  });

  test('that are not installed are named by their package', () => {
    const bare = stackSettings({}, { PATH: '/nowhere' });
    expect(missingPackage(bare, 'prometheus')).toBe('prometheus is not installed: apt-get install prometheus');
    expect(missingPackage(bare, 'alertmanager')).toMatch(/apt-get install prometheus-alertmanager$/);
    expect(missingPackage(bare, 'kafka')).toBeNull();
  });

  test('ask the workers that are named', () => {
    expect(stackSettings({}, {}).metricsTargets).toEqual(['127.0.0.1:9464']);
    expect(stackSettings({}, { SLUICE_METRICS_TARGETS: 'a:1, b:2' }).metricsTargets).toEqual(['a:1', 'b:2']);
    expect(() => stackSettings({}, { SLUICE_METRICS_TARGETS: 'a' })).toThrow(/SLUICE_METRICS_TARGETS/);
  });

  test('ask what compares as a job of its own, so that nobody misses a worker where nobody compares', () => {
    expect(stackSettings({}, {}).reconcileTargets).toEqual(['127.0.0.1:9466']);
    expect(stackSettings({}, { SLUICE_RECONCILE_TARGETS: 'a:1, b:2' }).reconcileTargets).toEqual(['a:1', 'b:2']);
    expect(() => stackSettings({}, { SLUICE_RECONCILE_TARGETS: 'a' })).toThrow(/SLUICE_RECONCILE_TARGETS/);
    const home = join(tmpdir(), 'sluice-monitoring-test');
    NATIVE_PARTS.find(({ name }) => name === 'prometheus')?.start(stackSettings({ home }, {}));
    const { scrape_configs: jobs } = parse(readFileSync(join(home, 'run', 'prometheus.yml'), 'utf8'));
    expect(jobs).toEqual([
      { job_name: 'sluice', static_configs: [{ targets: ['127.0.0.1:9464'] }] },
      { job_name: 'sluice-reconcile', static_configs: [{ targets: ['127.0.0.1:9466'] }] },
    ]);
  });

  test('send alerts where they are told, or nowhere', () => {
    expect(alertmanagerConfig(null)).not.toContain('webhook');
    expect(alertmanagerConfig('http://pager.example/x')).toContain('url: http://pager.example/x');
  });
});
