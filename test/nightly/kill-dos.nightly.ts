import { afterAll, beforeAll, describe, inject, it } from 'vitest';
import { endsAsUndisturbed, type Kills } from '../support/dos-kills.ts';
import { writeTable } from '../support/report.ts';
import { type Rig, startRig } from '../support/rig.ts';

/** Every half-done place; the first while the snapshot is landed. */
const KILLS: Kills = {
  early: ['progress-moved:4', 'landed:6', 'committed:11'],
  points: [
    'before-commit:9',
    'commit-sent:7',
    'derived:3',
    'intent-written:3',
    'marks-deleted:4',
    'request-sent:5',
    'request-done:6',
    'acknowledged:3',
  ],
  random: 6,
};

describe('kill -9 of a worker that streams into DynamoDB', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig(inject('stack'), { migration: 'dos', rows: 80, seed: 81n });
  }, 120_000);
  afterAll(() => rig.close());

  it('at every half-done place and at random moments: the tables are those of an undisturbed run', {
    timeout: 1_200_000,
  }, async () => {
    const { kills, changes, recoverySeconds, items } = await endsAsUndisturbed(rig, KILLS);
    writeTable(
      'kill-dos',
      'kill -9 of a worker that streams into DynamoDB',
      ['kill', 'while', 'at', 'seconds after its start'],
      kills.map(({ when, where, seconds }, i) => [String(i + 1), when, where, seconds.toFixed(1)]),
      [
        `${changes} changes at the source meanwhile. The worker after the last kill had worked off what was left within ${recoverySeconds.toFixed(1)} s of its start. ` +
          `All ${items} items are the same as those of a worker nobody ended, from the same topics into tables of its own.`,
      ],
    );
  });
});
