import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { FILE_FIGURES, FIGURES as WORKER_FIGURES } from '../../src/app/figures.ts';

const FIGURES = { ...WORKER_FIGURES, ...FILE_FIGURES };

describe('docs/metrics.md', () => {
  const page = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
  const rows = Object.entries(FIGURES).map(([name, { kind, labels, help }]) => {
    const marked = labels.map((label) => `\`${label}\``).join(' ') || '-';
    return `| \`${name}\` | ${kind} | ${marked} | ${help} | `;
  });

  test('lists every metric with its kind, labels and meaning as the program declares them', () => {
    expect(
      rows.filter((row) => !page.includes(row)),
      'put these lines into the table, and say what to look at',
    ).toEqual([]);
  });

  test('lists nothing else, and nothing twice', () => {
    const listed = [...page.matchAll(/^\| `(\w+)` \|/gm)].map((match) => match[1] ?? '');
    expect(listed.filter((name) => !Object.hasOwn(FIGURES, name))).toEqual([]);
    expect(new Set(listed).size).toBe(listed.length);
  });

  test('speaks of no metric that there is not', () => {
    const named = new Set([...page.matchAll(/\bsluice_\w+/g)].map((match) => match[0]));
    expect([...named].filter((name) => !Object.hasOwn(FIGURES, name))).toEqual([]);
  });
});
