#!/usr/bin/env node
// Plain JavaScript that an old Node can read, so that it can say what is wrong instead of a syntax error.
import { existsSync } from 'node:fs';

const [major, minor] = process.versions.node.split('.').map(Number);
const main = new URL('../dist/cli/main.js', import.meta.url);

if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`sluice needs Node.js 20.19 or newer; this is ${process.versions.node}.\n`);
  process.exitCode = 2;
} else if (!existsSync(main)) {
  process.stderr.write('sluice has not been built yet. Run this first, in its folder:\n\n  npm run build\n\n');
  process.exitCode = 2;
} else {
  await import(main.href);
}
