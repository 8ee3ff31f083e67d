// The test command: checks, then unit specs, then everything that needs real servers on one shared stack.
// Ends with one line of counts. A suite that could not run is counted as skipped and named; in CI that is a failure.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';

const nightly = process.argv.includes('--nightly');
const filters = process.argv.slice(2).filter((argument) => argument !== '--nightly');
const ci = process.env.CI !== undefined && process.env.CI !== '' && process.env.CI !== 'false';
const work = mkdtempSync(join(tmpdir(), 'sluice-test-'));
const total = { passed: 0, failed: 0, skipped: 0 };
const missing = [];
const unsteady = [];
const MOST_UNSTEADY = 3;

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

/** Two at a time: each keeps about one core busy. What one says comes with its verdict. */
async function checks(...names) {
  const left = [...names];
  const inTurn = async () => {
    for (let name = left.shift(); name; name = left.shift()) {
      const { ok, said } = await heard('npm', ['run', '--silent', name]);
      process.stdout.write(said);
      step(`npm run ${name}`, ok);
    }
  };
  await Promise.all([inTurn(), inTurn()]);
}

const heard = (command, args) =>
  new Promise((resolve) => {
    const said = [];
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => said.push(chunk));
    child.on('error', (error) => resolve({ ok: false, said: `${error.message}\n` }));
    child.on('close', (code) => resolve({ ok: code === 0, said: Buffer.concat(said) }));
  });

/** Runs vitest; null when it left no report. */
function vitest(projects, filters, report) {
  const ok = run(
    'npx',
    [
      'vitest',
      'run',
      ...projects.flatMap((name) => ['--project', name]),
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      ...filters,
    ],
    nightly ? { SLUICE_NIGHTLY: '1' } : {},
  );
  return existsSync(report) ? { ok, ...JSON.parse(readFileSync(report, 'utf8')) } : null;
}

// a file that fails to load has no failed test in it
const failuresOf = ({ ok, numFailedTests, numFailedTestSuites }) =>
  Math.max(numFailedTests, numFailedTestSuites > 0 || !ok ? 1 : 0);

function suite(...projects) {
  const [project] = projects;
  const first = vitest(projects, filters, join(work, `${project}.json`));
  if (!first) {
    step(`suite ${project} gave no report`, false);
    return;
  }
  if (project === 'nightly') writeReport(first);
  total.passed += first.numPassedTests;
  total.skipped += first.numPendingTests;
  const failures = failuresOf(first);
  const files = first.testResults.filter(({ status }) => status === 'failed').map(({ name }) => name);
  // On real servers and a shared machine a wait can be too short. A file that passes alone, whole, is named as unsteady
  // and counted apart; more than a few at once are no accident.
  if (project !== 'stack' || files.length === 0 || files.length > MOST_UNSTEADY) {
    total.failed += failures;
    return;
  }
  console.log(`\nonce more: ${files.join(' ')}`);
  const second = vitest(projects, files, join(work, `${project}-again.json`));
  if (!second || failuresOf(second) > 0) {
    total.failed += failures;
    return;
  }
  total.passed += failures;
  for (const { fullName, status, file } of testsOf(first))
    if (status === 'failed') unsteady.push(`${file}: ${fullName}`);
}

const testsOf = ({ testResults }) =>
  testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.map((one) => ({ ...one, file: name.slice(name.indexOf('/test/') + 1) })),
  );

/** What the long proofs showed, for docs/reports: it is committed, so that everybody sees when they last held. */
function writeReport({ startTime, testResults }) {
  const rows = testsOf({ testResults }).map(({ file, fullName, status, duration }) => {
    const seconds = ((duration ?? 0) / 1000).toFixed(1);
    return `| ${file} | ${fullName.replaceAll('|', '/')} | ${status} | ${seconds} |`;
  });
  const commit = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).stdout.trim();
  const head = [
    '# The last nightly run',
    '',
    `${new Date(startTime).toISOString().slice(0, 16)} UTC, on ${commit}, ${cpus().length} cores (shared), ` +
      `${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}. Made by \`npm run test:nightly\`.`,
    '',
    '| file | test | verdict | seconds |',
    '|---|---|---|---|',
  ];
  mkdirSync('docs/reports', { recursive: true });
  writeFileSync('docs/reports/nightly.md', `${[...head, ...rows].join('\n')}\n`);
}

try {
  await checks('types', 'build', 'lint', 'layers', 'dead');
  suite('unit');
  const java = tool('java', ['-version'], 'the suites on real servers');
  const maven = tool('mvn', ['-version'], 'the suites on real servers');
  if (java && maven) suite(...(nightly ? ['nightly'] : ['stack', 'alone']));
} finally {
  rmSync(work, { recursive: true, force: true });
}

for (const line of missing) console.log(`missing: ${line}`);
for (const line of unsteady) console.log(`unsteady, passed at the second try: ${line}`);
total.skipped += missing.length;
// in CI everything a suite needs is there, so one that skips has lost something
if (ci) total.failed += total.skipped;
const apart = unsteady.length > 0 ? `, ${unsteady.length} of the passed only at the second try` : '';
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped${apart}`);
process.exit(total.failed > 0 ? 1 : 0);
