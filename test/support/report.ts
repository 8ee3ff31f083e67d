import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, '../../docs/reports');

/** Writes a table into docs/reports, with the commit and machine it was made on. */
export function writeTable(
  name: string,
  title: string,
  head: readonly string[],
  rows: readonly (readonly string[])[],
  notes: readonly string[] = [],
): void {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '/')).join(' | ')} |`;
  const text = [
    `# ${title}`,
    '',
    `${new Date().toISOString().slice(0, 16)} UTC, on ${commit}, ${cpus().length} shared cores. Made by \`npm run test:nightly\`.`,
    ...notes.flatMap((note) => ['', note]),
    '',
    line(head),
    line(head.map(() => '---')),
    ...rows.map(line),
  ];
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(join(FOLDER, `${name}.md`), `${text.join('\n')}\n`);
}
