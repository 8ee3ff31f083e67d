import { resolve } from 'node:path';
import type { Command } from 'commander';
import { configOf } from '../context.ts';

/** Where what was measured of full syncs is kept and shown. */
export interface RunsOptions {
  readonly runsDir?: string;
  readonly metricsFile?: string;
}

export const withRuns = (command: Command): Command =>
  command
    .option(
      '--runs-dir <dir>',
      'where reports of full syncs are kept; else SLUICE_DOS_RUNS, else dos-runs in SLUICE_HOME',
    )
    .option('--metrics-file <file>', "write figures there, for a node exporter's collector of text files (*.prom)");

export const runsFolder = ({ runsDir }: RunsOptions): string =>
  runsDir === undefined ? configOf().reports.runsFolder : resolve(runsDir);
