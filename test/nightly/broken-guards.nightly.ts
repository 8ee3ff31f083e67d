import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { writeTable } from '../support/report.ts';
import { SABOTAGES } from '../support/sabotage.ts';

interface Seen {
  readonly failed: string[];
  readonly passed: number;
}

/** Runs some suites with a guard taken out and answers what failed. */
async function runWith(name: string, project: string, files: readonly string[]): Promise<Seen> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-sabotage-'));
  const report = join(folder, 'report.json');
  const { home, ports } = inject('stackSettings');
  const variables = {
    SLUICE_SABOTAGE: name,
    SLUICE_TEST_STACK_HOME: home,
    ...Object.fromEntries(
      Object.entries(ports).map(([part, port]) => [
        `SLUICE_${part.replace(/[A-Z]/g, '_$&').toUpperCase()}_PORT`,
        String(port),
      ]),
    ),
  };
  const args = ['vitest', 'run', '--project', project, '--reporter=json', `--outputFile.json=${report}`, ...files];
  const child = spawn('npx', args, { env: { ...process.env, ...variables }, stdio: 'ignore' });
  await new Promise((resolve) => child.once('exit', resolve));
  const found = JSON.parse(readFileSync(report, 'utf8')) as {
    numPassedTests: number;
    testResults: { assertionResults: { status: string; fullName: string }[] }[];
  };
  rmSync(folder, { recursive: true, force: true });
  const all = found.testResults.flatMap(({ assertionResults }) => assertionResults);
  return {
    failed: all.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName),
    passed: found.numPassedTests,
  };
}

const SUITES: Readonly<Record<string, readonly [project: string, files: readonly string[]]>> = {
  'fence off': ['stack', ['test/pipeline']],
  'position compare off': ['unit', ['test/pipeline', 'test/source/positions', 'test/core/position']],
  'marks off': ['stack', ['test/pipeline']],
  'If-Match off': ['stack', ['test/contract/fhir']],
};

describe('a guard that is taken out is missed', () => {
  const rows: string[][] = [];
  for (const name of Object.keys(SABOTAGES)) {
    it(name, { timeout: 240_000 }, async () => {
      const [project, files] = SUITES[name] ?? ['unit', []];
      const whole = await runWith('', project, files);
      expect(whole.failed).toEqual([]);
      expect(whole.passed).toBeGreaterThan(0);
      const broken = await runWith(name, project, files);
      expect(broken.failed.length).toBeGreaterThan(0);
      rows.push([name, files.join(', '), String(broken.failed.length), broken.failed[0] ?? '']);
      writeTable(
        'broken-guards',
        'Guards taken out, and the tests that notice',
        ['guard', 'suites', 'tests that fail', 'the first of them'],
        rows,
      );
    });
  }
});
