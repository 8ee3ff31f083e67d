import { expect, test } from 'vitest';
import { tellThenCount } from '../../src/app/outbox.ts';

/** An outbox into which one row comes before each telling. */
function rig(tell: (rows: string[]) => void) {
  const rows = ['a'];
  const shown: number[] = [];
  const round = () =>
    tellThenCount(
      async () => tell(rows),
      { unpublished: async () => rows.length },
      (left) => void shown.push(left),
    );
  return { rows, shown, round };
}

test('an outbox that is emptied as fast as it fills is shown empty', async () => {
  const { rows, shown, round } = rig((all) => void all.splice(0));
  for (let n = 0; n < 3; n += 1) {
    await round();
    rows.push('next');
  }
  expect(shown).toEqual([0, 0, 0]);
});

test('what could not be told is shown, and why is not lost', async () => {
  const { shown, round } = rig(() => {
    throw new Error('the broker is away');
  });
  await expect(round()).rejects.toThrow('the broker is away');
  expect(shown).toEqual([1]);
});
