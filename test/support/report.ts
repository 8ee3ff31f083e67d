import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, '../../docs/reports');

export interface Table {
  /** above it, where a report has several */
  readonly heading?: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Writes tables into docs/reports, with the commit and machine they were made on. */
export function writeTables(
  name: string,
  title: string,
  tables: readonly Table[],
  notes: readonly string[] = [],
  madeBy = 'npm run test:nightly',
): void {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '/')).join(' | ')} |`;
  const text = [
    `# ${title}`,
    '',
    `${new Date().toISOString().slice(0, 16)} UTC, on ${commit}, ${cpus().length} shared cores. Made by \`${madeBy}\`.`,
    ...notes.flatMap((note) => ['', note]),
    ...tables.flatMap(({ heading, head, rows }) => [
      ...(heading === undefined ? [] : ['', `## ${heading}`]),
      '',
      line(head),
      line(head.map(() => '---')),
      ...rows.map(line),
    ]),
  ];
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(join(FOLDER, `${name}.md`), `${text.join('\n')}\n`);
}

/** Writes one table into docs/reports. */
export function writeTable(
  name: string,
  title: string,
  head: readonly string[],
  rows: readonly (readonly string[])[],
  notes: readonly string[] = [],
  madeBy?: string,
): void {
  writeTables(name, title, [{ head, rows }], notes, madeBy);
}
