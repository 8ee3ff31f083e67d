/**
 * `run.mjs <bench> [options]`. Compiles the bench with the sources as they are now into out/bench, with what they read at run time beside them, and
 * runs it there: a build of dist/ in the middle of a run must not change what is measured.
 */
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const [entry = 'sink', ...args] = process.argv.slice(2);
const root = fileURLToPath(new URL('..', import.meta.url));
const out = join(root, 'out', 'bench');
rmSync(out, { recursive: true, force: true });
// types are the business of `npm run types`
const compiler = [join(root, 'node_modules/typescript/bin/tsc'), '-p', join(root, 'bench'), '--noCheck'];
const compiled = spawnSync(process.execPath, compiler, { stdio: 'inherit' });
if (compiled.status !== 0) process.exit(1);
const isAsset = (path) => statSync(path).isDirectory() || !path.endsWith('.ts');
for (const folder of ['src', 'bench', 'connectors', 'topics']) {
  cpSync(join(root, folder), join(out, folder), { recursive: true, filter: isAsset });
}
cpSync(join(root, 'package.json'), join(out, 'package.json'));
const child = spawn(process.execPath, [join(out, 'bench', `${entry}.js`), ...args], { stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.once('exit', (code) => process.exit(code ?? 1));
