import { describe, expect, it } from 'vitest';
import { runSuites } from '../support/other-run.ts';
import { writeTable } from '../support/report.ts';
import { SABOTAGES } from '../support/sabotage.ts';

const SUITES: Readonly<Record<string, readonly [project: string, files: readonly string[]]>> = {
  'fence off': ['stack', ['test/pipeline']],
  'position compare off': ['unit', ['test/pipeline', 'test/source/positions', 'test/core/position']],
  'position compare of copied tables off': ['stack', ['test/pipeline/copy']],
  'marks off': ['stack', ['test/pipeline']],
  'If-Match off': ['stack', ['test/contract/fhir']],
};

describe('a guard that is taken out is missed', () => {
  const rows: string[][] = [];
  for (const name of Object.keys(SABOTAGES)) {
    it(name, { timeout: 240_000 }, async () => {
      const [project, files] = SUITES[name] ?? ['unit', []];
      const whole = await runSuites(project, files, {});
      expect(whole.failed).toEqual([]);
      expect(whole.passed).toBeGreaterThan(0);
      const broken = await runSuites(project, files, { SLUICE_SABOTAGE: name });
      expect(broken.failed.length).toBeGreaterThan(0);
      rows.push([name, files.join(', '), String(broken.failed.length), broken.failed[0] ?? '']);
      writeTable(
        'broken-guards',
        'Guards taken out, and the tests that notice',
        ['guard', 'suites', 'tests that fail', 'the first of them'],
        rows,
      );
    });
  }
});
