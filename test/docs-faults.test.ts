import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const page = readFileSync('docs/faults.md', 'utf8');

/** The files a line of the page names, each with the titles quoted behind it. */
const named = page.split('\n').flatMap((line) =>
  [...line.matchAll(/`(test\/[\w./-]+)`((?:(?!`test\/).)*)/g)].map(([, file = '', rest = '']) => ({
    file,
    titles: [...rest.matchAll(/"([^"]+)"/g)].map(([, title = '']) => title),
  })),
);

describe('docs/faults.md', () => {
  it('names tests', () => {
    expect(named.flatMap(({ titles }) => titles).length).toBeGreaterThan(30);
  });

  it('names those there are', () => {
    const missing = named.flatMap(({ file, titles }) => {
      if (!existsSync(file)) return [file];
      const text = readFileSync(file, 'utf8');
      return titles.filter((title) => !text.includes(title)).map((title) => `${file}: ${title}`);
    });
    expect(missing).toEqual([]);
  });
});
