/**
 * `npm run build`: src/ compiled into dist/, and what the code reads at run time (SQL, YAML, XML, Java, JSON) copied
 * beside it. A build that fails leaves the dist/ of the last good one untouched.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { extname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const source = join(root, 'src');
const next = join(root, 'dist.next');
const dist = join(root, 'dist');
const compiler = join(root, 'node_modules/typescript/bin/tsc');
const started = performance.now();

function fail(message) {
  rmSync(next, { recursive: true, force: true });
  process.stderr.write(`build: ${message}\n`);
  process.exit(1);
}

if (!existsSync(compiler)) fail('the compiler is not installed; run `npm ci` first');
rmSync(next, { recursive: true, force: true });

const options = ['-p', join(root, 'tsconfig.build.json'), '--outDir', next, '--noEmitOnError', '--pretty', 'false'];
const compiled = spawnSync(process.execPath, [compiler, ...options], { cwd: root, encoding: 'utf8' });
if (compiled.error) fail(`the compiler could not be started: ${compiled.error.message}`);
if (compiled.status !== 0) {
  process.stderr.write(compiled.stdout + compiled.stderr);
  fail('src/ does not compile; dist/ is as it was');
}

/** Compiled, or for the reader of the code only. */
const LEFT_OUT = new Set(['.ts', '.md', '.map']);
/** Made on this machine by a tool, no part of the source. */
const MADE_HERE = new Set(['target', 'node_modules']);
let assets = 0;
for (const entry of readdirSync(source, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || LEFT_OUT.has(extname(entry.name)) || entry.name.startsWith('.')) continue;
  const from = join(entry.parentPath, entry.name);
  if (
    from
      .slice(source.length)
      .split(sep)
      .some((folder) => MADE_HERE.has(folder))
  )
    continue;
  cpSync(from, join(next, from.slice(source.length)));
  assets++;
}

const commit = spawnSync('git', ['rev-parse', '--short=12', 'HEAD'], { cwd: root, encoding: 'utf8' });
if (commit.status === 0) writeFileSync(join(next, 'commit.txt'), commit.stdout);

try {
  rmSync(dist, { recursive: true, force: true });
  renameSync(next, dist);
} catch (error) {
  fail(`dist/ could not be replaced: ${error.message}`);
}
const seconds = ((performance.now() - started) / 1000).toFixed(1);
process.stdout.write(`dist/ built in ${seconds} s, ${assets} other files beside the code\n`);
