// Writes monitoring/dashboards/*.json from scripts/dashboards; with --check it says whether they are what it would write.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { BOARDS } from './dashboards/boards.mjs';

const folder = fileURLToPath(new URL('../monitoring/dashboards/', import.meta.url));
const check = process.argv.includes('--check');
const wanted = new Map(
  Object.entries(BOARDS).map(([name, board]) => [`${name}.json`, `${JSON.stringify(board, null, 2)}\n`]),
);
const stale = [];
for (const [name, text] of wanted) {
  if (!check) writeFileSync(folder + name, text);
  else if (!readdirSync(folder).includes(name) || readFileSync(folder + name, 'utf8') !== text) stale.push(name);
}
stale.push(...readdirSync(folder).filter((name) => !wanted.has(name)));
if (stale.length > 0) {
  console.error(`stale: ${stale.join(', ')}; run node scripts/dashboards.mjs`);
  process.exit(1);
}
