import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PostgresMeasurements } from '../../sinks/postgres/index.ts';
import { systemClock } from '../clock.ts';
import type { Config } from '../config.ts';
import type { OpenPipeline } from '../pipeline.ts';
import { openProbes } from '../probes.ts';
import { readPipeline } from '../readings.ts';
import { judge } from '../status.ts';
import { type ReconcileReport, reconcileReport } from './reconcile-report.ts';
import { reportMarkdown } from './report-markdown.ts';

/** Reads how a migration stands now, and what was measured of it in the last `hours`. */
export async function makeReport(
  config: Config,
  open: OpenPipeline,
  migration: string,
  hours: number,
): Promise<ReconcileReport> {
  const probes = await openProbes(config, migration);
  try {
    const now = systemClock.now();
    const at = new Date(now).toISOString();
    const from = new Date(now - hours * 3_600_000).toISOString();
    const status = judge(open.name, await readPipeline(open, probes), null, 1);
    const figures = await new PostgresMeasurements(open.pool).figures(open.migration.name, from, at);
    return reconcileReport({ status, figures, at, hours });
  } finally {
    await probes.close();
  }
}

/** Puts it into a folder as Markdown and as JSON, and answers where. */
export function keepReport(folder: string, report: ReconcileReport): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${report.pipeline}-${report.at.slice(0, 10)}`);
  writeFileSync(`${path}.md`, reportMarkdown(report));
  writeFileSync(`${path}.json`, `${JSON.stringify(report, null, 2)}\n`);
  return `${path}.md`;
}
