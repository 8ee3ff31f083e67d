// The test command: checks, then unit specs, then everything that needs real servers on one shared stack.
// Ends with one line of counts. A suite that could not run is counted as skipped and named; in CI that is a failure.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const nightly = process.argv.includes('--nightly');
const filters = process.argv.slice(2).filter((argument) => argument !== '--nightly');
const ci = process.env.CI !== undefined && process.env.CI !== '' && process.env.CI !== 'false';
const work = mkdtempSync(join(tmpdir(), 'sluice-test-'));
const total = { passed: 0, failed: 0, skipped: 0 };
const missing = [];

const run = (command, args, env = {}) =>
  spawnSync(command, args, { stdio: 'inherit', env: { ...process.env, ...env } }).status === 0;

function tool(name, args, forWhat) {
  if (spawnSync(name, args, { stdio: 'ignore' }).error === undefined) return true;
  missing.push(`${name} is not installed: ${forWhat} cannot run`);
  return false;
}

function step(name, ok) {
  total[ok ? 'passed' : 'failed'] += 1;
  console.log(`${ok ? 'ok' : 'FAILED'}  ${name}`);
}

function suite(project) {
  const report = join(work, `${project}.json`);
  const ok = run(
    'npx',
    [
      'vitest',
      'run',
      '--project',
      project,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      ...filters,
    ],
    nightly ? { SLUICE_NIGHTLY: '1' } : {},
  );
  if (!existsSync(report)) {
    step(`suite ${project} gave no report`, false);
    return;
  }
  const { numPassedTests, numFailedTests, numPendingTests, numFailedTestSuites } = JSON.parse(
    readFileSync(report, 'utf8'),
  );
  total.passed += numPassedTests;
  // a file that fails to load has no failed test in it
  total.failed += Math.max(numFailedTests, numFailedTestSuites > 0 || !ok ? 1 : 0);
  total.skipped += numPendingTests;
}

try {
  for (const check of ['types', 'lint', 'layers', 'dead'])
    step(`npm run ${check}`, run('npm', ['run', '--silent', check]));
  step('npm run build', run('npm', ['run', '--silent', 'build']));
  suite('unit');
  const java = tool('java', ['-version'], 'the suites on real servers');
  const maven = tool('mvn', ['-version'], 'the suites on real servers');
  if (java && maven) suite(nightly ? 'nightly' : 'stack');
} finally {
  rmSync(work, { recursive: true, force: true });
}

for (const line of missing) console.log(`missing: ${line}`);
total.skipped += missing.length;
if (ci) total.failed += missing.length;
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed > 0 ? 1 : 0);
