import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runSuites } from '../support/other-run.ts';
import { recoveriesIn } from '../support/recovery.ts';
import { writeTable } from '../support/report.ts';

describe('how long it takes until all is well again', () => {
  it('each class of faults within its stated time', { timeout: 1_500_000 }, async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'sluice-recovery-')), 'recoveries.jsonl');
    const { failed, passed } = await runSuites('stack', ['test/fault'], { SLUICE_RECOVERIES: file });
    const recoveries = recoveriesIn(file);
    writeTable(
      'recovery',
      'Faults, and the time until all was well again',
      ['fault', 'seconds', 'stated bound'],
      recoveries.map(({ fault, seconds, bound }) => [fault, seconds.toFixed(1), String(bound)]),
      [
        'From the end of the fault until nothing is owed by any flow; from the fault itself where somebody has to be told. ' +
          'Then all targets are compared with transform(fold of source).',
      ],
    );
    expect(failed).toEqual([]);
    expect(passed).toBeGreaterThan(0);
    expect(recoveries.length).toBeGreaterThan(10);
  });
});
