import { describe, expect, test } from 'vitest';
import { chanceOf } from '../../src/rehearsal/chance.ts';
import { parseAddress } from '../../src/rehearsal/index.ts';
import { type ProgressStream, progressLine } from '../../src/rehearsal/progress-line.ts';
import { reservoir } from '../../src/rehearsal/supabase/traffic/reservoir.ts';
import { pace } from '../../src/rehearsal/traffic/pace.ts';

describe('chance', () => {
  test('is the same on every machine', () => {
    const chance = chanceOf(42n, 'here', 7);
    expect([chance.below(1000), chance.below(1000), chance.below(1000), chance.uuid()]).toMatchInlineSnapshot(`
      [
        791,
        619,
        85,
        "0d578b53-1c28-43e7-9d32-da0a3f0ea6a1",
      ]
    `);
  });

  test('keeps paths apart and the seed to 64 bits', () => {
    const draw = (seed: bigint, ...path: (string | number)[]): string => chanceOf(seed, ...path).uuid();
    expect(new Set([draw(1n, 'a'), draw(2n, 'a'), draw(1n, 'b'), draw(1n, 'a', 0), draw(1n, 'a', 1)]).size).toBe(5);
    expect(draw(1n << 64n, 'a')).toBe(draw(0n, 'a'));
  });

  test('draws evenly and inside its limits', () => {
    const chance = chanceOf(1n, 'even');
    const drawn = new Array<number>(10).fill(0);
    for (let n = 0; n < 20_000; n++) {
      const at = chance.between(0, 9);
      drawn[at] = (drawn[at] ?? 0) + 1;
    }
    for (const count of drawn) expect(Math.abs(count - 2_000)).toBeLessThan(200);
    expect(() => chance.pick([])).toThrow(RangeError);
  });
});

describe('pace', () => {
  test('a large piece of work earns a pause, one not done earns none', () => {
    let now = 100;
    const beat = pace(10, () => now);
    expect(beat.wait()).toBeLessThanOrEqual(0);
    beat.announce(5);
    expect(beat.wait()).toBeCloseTo(0.5);
    beat.settle(5, 0);
    expect(beat.wait()).toBeLessThanOrEqual(0);
    beat.announce(20);
    beat.settle(20, 20);
    now += 1;
    expect(beat.wait()).toBeCloseTo(1);
    expect(beat.spent).toBe(20);
  });

  test('after a stall it makes good two seconds and gives the rest up', () => {
    let now = 0;
    const beat = pace(10, () => now);
    now = 60;
    expect(beat.wait()).toBeLessThan(0);
    expect(beat.slipped).toBe(58);
    beat.announce(20);
    expect(beat.wait()).toBeCloseTo(0);
  });
});

describe('reservoir', () => {
  test('a row taken is taken by nobody else, and never more are kept than fit', () => {
    const rows = reservoir<number>(3);
    for (const n of [1, 2, 3, 4]) rows.put(n);
    expect(rows.size).toBe(3);
    const chance = chanceOf(1n, 'reservoir');
    const taken = [rows.take(chance), rows.take(chance), rows.take(chance)];
    expect(taken.sort()).toEqual([1, 2, 3]);
    expect(rows.take(chance)).toBeNull();
  });

  test('looks for a row that fits, and gives up', () => {
    const rows = reservoir<number>(10);
    for (const n of [1, 2, 3]) rows.put(n);
    const chance = chanceOf(1n, 'fits');
    expect(rows.take(chance, (n) => n === 2)).toBe(2);
    expect(rows.take(chance, (n) => n === 2)).toBeNull();
    expect(rows.size).toBe(2);
  });
});

describe('progress line', () => {
  const recorder = (isTTY: boolean): ProgressStream & { text: string } => {
    const stream = {
      isTTY,
      columns: 60,
      text: '',
      write: (text: string): void => {
        stream.text += text;
      },
    };
    return stream;
  };

  test('draws over itself on a terminal and leaves it on a new line', () => {
    let now = 0;
    const stream = recorder(true);
    const line = progressLine(stream, () => now);
    line.show(0.5, 'half');
    line.show(0.51, 'too soon');
    now += 200;
    line.show(1, 'whole');
    line.end();
    line.end();
    expect(stream.text.split('\r').length).toBe(3);
    expect(stream.text).not.toContain('too soon');
    expect(stream.text).toMatch(/█{24} whole\n$/);
  });

  test('writes a plain line every few seconds anywhere else', () => {
    let now = 0;
    const stream = recorder(false);
    const line = progressLine(stream, () => now);
    for (; now <= 10_000; now += 500) line.show(now / 20_000, 'rows');
    line.end();
    expect(stream.text).toBe('15 %  rows\n30 %  rows\n45 %  rows\n');
  });
});

describe('database address', () => {
  test('takes what is given and the usual for the rest', () => {
    expect(parseAddress('postgres://me:p%40ss@[::1]:6000/other')).toEqual({
      host: '::1',
      port: 6000,
      user: 'me',
      password: 'p@ss',
      database: 'other',
    });
    expect(parseAddress('postgresql://db.example.org')).toMatchObject({
      port: 5432,
      user: 'postgres',
      database: 'supabase',
    });
  });

  test.each(['not a url', 'http://db/x'])('refuses %s without repeating it', (url) => {
    expect(() => parseAddress(url)).toThrow(/database address/);
  });
});
