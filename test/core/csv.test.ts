import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createCsvReader, csvLine } from '../../src/core/csv.ts';

function read(pieces: readonly string[]): { rows: string[][]; lines: number[]; bad: string[] } {
  const rows: string[][] = [];
  const lines: number[] = [];
  const bad: string[] = [];
  const reader = createCsvReader({
    row: (cells, line) => {
      rows.push(cells);
      lines.push(line);
    },
    bad: (line, problem) => bad.push(`${line} ${problem}`),
  });
  for (const piece of pieces) reader.push(piece);
  reader.end();
  return { rows, lines, bad };
}

describe('reading CSV piece by piece', () => {
  test('quotes, doubled quotes, commas and line breaks in a cell, and both line ends', () => {
    const { rows, lines, bad } = read(['a,"b ""c"", d"\r\n"two\nlines",x\n', 'last,"one"']);
    expect(rows).toEqual([
      ['a', 'b "c", d'],
      ['two\nlines', 'x'],
      ['last', 'one'],
    ]);
    expect(lines).toEqual([1, 2, 4]);
    expect(bad).toEqual([]);
  });

  test('what was written is read again, wherever the text is cut', () => {
    const cell = fc.string({ unit: fc.constantFrom('a', ',', '"', '\n', '\r', ' ', 'é'), maxLength: 6 });
    const table = fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { maxLength: 6 });
    fc.assert(
      fc.property(table, fc.array(fc.nat(60), { maxLength: 5 }), (rows, cuts) => {
        const text = rows.map(csvLine).join('');
        const at = [0, ...cuts.map((cut) => Math.min(cut, text.length)).sort((a, b) => a - b), text.length];
        const pieces = at.slice(1).map((end, i) => text.slice(at[i], end));
        expect(read(pieces).rows).toEqual(rows);
      }),
    );
  });

  test('a row without end is left out with its number, and what follows is read', () => {
    const piece = 'x'.repeat(1 << 22);
    const { rows, lines, bad } = read(['a,b\n', ...Array.from({ length: 9 }, () => piece), 'y\nc,', 'd\n']);
    expect(bad).toEqual(['2 CSV_ROW_LONG']);
    expect(rows).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
    expect(lines).toEqual([1, 3]);
  });

  test('a quote that is never closed costs its own line only', () => {
    const { rows, bad } = read(['a,b\n', 'c,"d\n', 'e,f\n']);
    expect(bad).toEqual(['2 CSV_QUOTE_OPEN']);
    expect(rows).toEqual([
      ['a', 'b'],
      ['e', 'f'],
    ]);
  });

  test('text after a closing quote and a control character are named', () => {
    expect(read(['a,"b"c\n', 'd,e\0\n', 'f,g\n'])).toMatchObject({
      bad: ['1 CSV_QUOTE_STRAY', '2 CSV_CONTROL'],
      rows: [['f', 'g']],
    });
  });
});
