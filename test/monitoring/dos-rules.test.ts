import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { FIGURES, FILE_FIGURES } from '../../src/app/figures.ts';
import { createMetrics } from '../../src/app/metrics.ts';
import { DOS_LIMITS } from '../../src/gates/index.ts';
import { dos } from '../../src/migrations/dos/index.ts';

interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

const root = fileURLToPath(new URL('../../', import.meta.url));
const path = join(root, 'monitoring/dos.rules.yml');
const { groups } = parse(readFileSync(path, 'utf8')) as { groups: readonly { rules: readonly Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);
const alerts = rules.filter(({ alert }) => alert !== undefined);
const exprOf = (name: string): string => rules.find(({ alert, record }) => name === (alert ?? record))?.expr ?? '';
const declared = { ...FIGURES, ...FILE_FIGURES };

describe('the alert rules of the Directory of Services', () => {
  test.each(rules.map((rule) => [rule.alert ?? rule.record, rule.expr]))(
    '%s asks for figures that there are',
    (_, expr) => {
      for (const [, name = '', selector = ''] of String(expr).matchAll(/\b(sluice_\w+)(?:\{([^}]*)\})?/g)) {
        const figure = declared[name] ?? declared[name.replace(/_bucket$/, '')];
        expect(figure, `${name} is declared nowhere`).toBeDefined();
        for (const [, label = ''] of selector.matchAll(/(\w+)=~?"/g)) expect(figure?.labels).toContain(label);
      }
      const recorded = rules.flatMap(({ record }) => record ?? []);
      for (const [name] of String(expr).matchAll(/\bsluice:[\w:]+/g)) expect(recorded).toContain(name);
    },
  );

  test.each(alerts)('$alert has a severity, and a runbook that speaks of it', ({ alert, labels, annotations }) => {
    expect(['page', 'ticket']).toContain(labels?.severity);
    const runbook = join(root, annotations?.runbook_url ?? 'none');
    expect(existsSync(runbook)).toBe(true);
    expect(readFileSync(runbook, 'utf8')).toContain(alert);
    expect(readFileSync(join(root, 'docs/runbooks/README.md'), 'utf8')).toContain(alert);
  });

  test('begin where the gate ends', async () => {
    expect(exprOf('DosStreamErrorRatio')).toMatch(new RegExp(`> ${DOS_LIMITS.errorRatio}$`));
    expect(exprOf('DosFullSyncErrorRatio')).toMatch(new RegExp(`> ${DOS_LIMITS.errorRatio}$`));
    const limits = [...exprOf('DosFullSyncSlow').matchAll(/> (\d+)/g)].map(([, limit]) => Number(limit));
    expect(limits).toEqual([DOS_LIMITS.fullSyncSeconds, DOS_LIMITS.fullSyncSeconds]);
    expect(exprOf('DosCountsMoved')).toMatch(/> 0$/);
    expect(exprOf('DosRecordsSlow').trim()).toMatch(new RegExp(`>= ${DOS_LIMITS.recordSeconds}$`));
    // a limit between two buckets could not be told from either
    const metrics = createMetrics('0');
    metrics.observe('sluice_record_seconds', { pipeline: 'dos', flow: 'services' }, 1);
    expect(await metrics.text()).toContain(`sluice_record_seconds_bucket{le="${DOS_LIMITS.recordSeconds}"`);
  });

  test('count as errors what the rules count', () => {
    const codes = [...exprOf('sluice:dos_stream_errors:ratio_rate15m').matchAll(/DM_ETL_\d+/g)].map(([code]) => code);
    expect([...codes].sort()).toEqual([...(dos().notes?.rated ?? [])].sort());
  });

  const promtool = spawnSync('promtool', ['--version']).status === 0;
  test.skipIf(!promtool)('fire when they should, by promtool', { timeout: 60_000 }, () => {
    const { status, stdout, stderr } = spawnSync('promtool', [
      'test',
      'rules',
      join(root, 'monitoring/dos.rules.test.yml'),
    ]);
    expect(String(stdout) + String(stderr)).toContain('SUCCESS');
    expect(status).toBe(0);
  });
});
