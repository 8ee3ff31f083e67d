import { expect, it } from 'vitest';
import { Watch } from '../support/monotone.ts';

it('the sampler sees a read that goes back, in any of its numbers, and takes what has none for nothing', () => {
  const watch = new Watch();
  watch.take('row 1', { beat: 3, revision: 10 });
  watch.take('row 1', { beat: 3, revision: 10 });
  watch.take('row 2', { beat: 1, revision: 4 });
  watch.take('row 1', { beat: Number.NaN, revision: 11 });
  expect(watch.wentBack).toEqual([]);
  expect(watch.advances).toBe(5);
  watch.take('row 1', { beat: 2, revision: 12 });
  watch.take('row 1', { beat: 4, revision: 11 });
  expect(watch.wentBack).toEqual(['row 1 beat: 2 after 3', 'row 1 revision: 11 after 12']);
});
