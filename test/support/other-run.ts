import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';

export interface Outcome {
  readonly failed: string[];
  readonly passed: number;
}

/** Runs suites in a process of their own, on the stack that is up, with other settings. */
export async function runSuites(
  project: string,
  files: readonly string[],
  settings: Readonly<Record<string, string>>,
): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-suites-'));
  const report = join(folder, 'report.json');
  const { home, ports } = inject('stackSettings');
  const variables = {
    ...settings,
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
