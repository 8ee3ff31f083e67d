import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { faultsOfQuery, type Rule, recordedBy } from '../support/promql.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = join(root, 'monitoring');
const filesEnding = (ending: string): string[] => readdirSync(folder).filter((name) => name.endsWith(ending));
const read = (name: string): string => readFileSync(join(folder, name), 'utf8');

const { groups } = parse(read('sluice.rules.yml')) as { groups: readonly { rules: readonly Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);
const alerts = rules.filter((rule): rule is Rule & { alert: string } => rule.alert !== undefined);
const recorded = recordedBy(rules);

interface Case {
  readonly alert_rule_test: readonly { readonly alertname: string; readonly exp_alerts: readonly unknown[] }[];
}
const cases = ['sluice.rules.test.yml', 'sluice.days.test.yml']
  .flatMap((name) => (parse(read(name)) as { tests: readonly Case[] }).tests)
  .flatMap((one) => one.alert_rule_test);

describe('the rules of all pipelines', () => {
  test.each(rules.map((rule) => [rule.alert ?? rule.record ?? '', rule.expr]))(
    '%s asks for figures that there are, by labels they have',
    (_, expr) => expect(faultsOfQuery(expr, recorded)).toEqual([]),
  );

  test('a figure that nobody shows is a fault, and so is a label', () => {
    expect(faultsOfQuery('sluice_other > 1', recorded)).toEqual(['sluice_other is declared nowhere']);
    expect(faultsOfQuery('sluice:other > 1', recorded)).toEqual(['sluice:other is recorded nowhere']);
    const noTable = ['sluice_marks has no label table'];
    expect(faultsOfQuery('sluice_marks{table="x"}', recorded)).toEqual(noTable);
    expect(faultsOfQuery('max by (pipeline, table) (sluice_marks) > 1', recorded)).toEqual(noTable);
    expect(faultsOfQuery('sluice_marks > on (table) sluice_events_total', recorded)).toEqual(noTable);
    expect(faultsOfQuery('max by (slot) (sluice:snapshot:running)', recorded)).toEqual([
      'sluice:snapshot:running has no label slot',
    ]);
  });

  interface Panel {
    readonly title: string;
    readonly targets?: readonly { readonly expr: string; readonly legendFormat?: string }[];
  }
  const boards = readdirSync(join(folder, 'dashboards')).flatMap((name) =>
    (JSON.parse(read(join('dashboards', name))) as { panels: readonly Panel[] }).panels.flatMap(
      ({ title, targets = [] }) => targets.map((target) => ({ title: `${name}, ${title}`, ...target })),
    ),
  );

  test.each(boards)('$title: the panel asks by labels that there are, and names a line by them', (panel) => {
    const { expr, legendFormat = '' } = panel;
    expect(faultsOfQuery(expr.replaceAll('$__rate_interval', '5m'), recorded)).toEqual([]);
    const sorted = [...expr.matchAll(/\bby\s*\(([^)]*)\)/g)].flatMap(([, names = '']) => names.split(/,\s*/));
    const named = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label);
    if (sorted.length > 0) expect(named.filter((label) => !sorted.includes(label))).toEqual([]);
  });

  test('each bucket is asked for as both versions of Prometheus spell it', () => {
    for (const { expr } of rules) if (/\ble=/.test(expr)) expect.soft(expr).toContain('le=~"5|5[.]0"');
    for (const { expr } of rules) expect.soft(expr).not.toMatch(/\ble="/);
  });

  test('a share is divided by what is above 0', () => {
    for (const { expr } of rules)
      for (const [, divisor = ''] of expr.matchAll(/\n\s*\/ (.*)/g)) expect.soft(divisor).toMatch(/> 0\)\s*$/);
  });

  test.each(alerts)('$alert has a severity, a summary, and a runbook that speaks of it', ({ alert, ...rule }) => {
    expect(['page', 'ticket']).toContain(rule.labels?.severity);
    expect(rule.annotations?.summary).toMatch(/\w/);
    const runbook = join(root, rule.annotations?.runbook_url ?? 'none');
    expect(existsSync(runbook)).toBe(true);
    expect(readFileSync(runbook, 'utf8')).toContain(`\`${alert}\``);
    expect(readFileSync(join(root, 'docs/runbooks/README.md'), 'utf8')).toContain(`\`${alert}\``);
  });

  test.each(alerts)('$alert is tested where it fires and where it is quiet', ({ alert }) => {
    const own = cases.filter(({ alertname }) => alertname === alert);
    expect(own.filter(({ exp_alerts }) => exp_alerts.length > 0)).not.toEqual([]);
    // what fires for one of several series is quiet for the others
    const quiet = own.some(({ exp_alerts }) => exp_alerts.length === 0);
    expect(quiet, 'no case says when it is quiet').toBe(true);
  });
});

const promtool = spawnSync('promtool', ['--version']).status === 0;

describe.skipIf(!promtool)('promtool', () => {
  const run = (...args: string[]) => spawnSync('promtool', args, { cwd: folder, encoding: 'utf8' });

  test('knows every rule for one', () => {
    const { status, stdout, stderr } = run('check', 'rules', ...filesEnding('.rules.yml'));
    expect(status, stdout + stderr).toBe(0);
    expect(stdout.match(/SUCCESS/g)).toHaveLength(filesEnding('.rules.yml').length);
  });

  test('has every case end as it is written', { timeout: 120_000 }, () => {
    const { status, stdout, stderr } = run('test', 'rules', 'sluice.rules.test.yml', 'sluice.days.test.yml');
    expect(status, stdout + stderr).toBe(0);
    expect(stdout.match(/SUCCESS/g)).toHaveLength(2);
  });
});
