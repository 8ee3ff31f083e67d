import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { GATE_FIGURES, SUPABASE_PHASES } from '../../src/gates/index.ts';

describe('docs/gates.md', () => {
  const page = readFileSync(new URL('../../docs/gates.md', import.meta.url), 'utf8');

  test('names every clause and every figure, and who records it', () => {
    const clauses = SUPABASE_PHASES.flatMap(({ clauses: all }) => all.map(({ clause }) => clause));
    expect([...clauses, ...Object.keys(GATE_FIGURES)].filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });

  test('says of a figure that nobody records it just when nobody does', () => {
    const nobody = page.split('\n').find((line) => line.endsWith('| nobody |')) ?? '';
    const named = [...nobody.matchAll(/`([\w.]+)`/g)].map((match) => match[1] ?? '');
    const unbuilt = Object.entries(GATE_FIGURES).flatMap(([figure, by]) => (by === null ? [figure] : []));
    expect(named.sort()).toEqual(unbuilt.sort());
  });
});
