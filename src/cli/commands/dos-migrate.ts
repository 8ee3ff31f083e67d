import { createWriteStream } from 'node:fs';
import { type Command, InvalidArgumentError } from 'commander';
import pc from 'picocolors';
import { isoNow, systemClock } from '../../app/clock.ts';
import type { Config } from '../../app/config.ts';
import { openDynamoDbItems } from '../../app/dos/dynamodb-items.ts';
import { FileItems } from '../../app/dos/file-items.ts';
import { type FullSynced, syncAll, syncOneService } from '../../app/dos/migrate.ts';
import { openRunRecord, type RunRecord } from '../../app/dos/run-record.ts';
import type { RunReport } from '../../app/dos/run-report.ts';
import { dynamoDbPlace } from '../../app/dynamodb.ts';
import { noteLog } from '../../app/notes.ts';
import { findMigration } from '../../app/pipeline.ts';
import { SluiceError } from '../../core/index.ts';
import { DEFAULTS } from '../../migrations/dos/index.ts';
import { progressLine } from '../../rehearsal/index.ts';
import { action } from '../context.ts';
import { EXIT } from '../failure.ts';
import { duration, masked, printJson } from '../print.ts';
import { stopSignal } from '../stop-signal.ts';
import { type PlaceOptions, placed, placedConfig } from './dos-place.ts';
import { type RunsOptions, runsFolder, withRuns } from './dos-runs.ts';
import { type SourceOptions, sourceAddress, sourced, withSource } from './dos-source.ts';

interface MigrateOptions extends PlaceOptions, SourceOptions, RunsOptions {
  readonly serviceId?: number;
  readonly outputDir?: string;
  readonly log?: string;
  readonly anomalyShare?: number;
}

const PARALLEL = 16;

function serviceId(text: string): number {
  if (!/^-?\d{1,10}$/.test(text)) throw new InvalidArgumentError('A whole number, please.');
  return Number(text);
}

function anomalyShare(text: string): number {
  if (!/^(0?\.\d{1,6}|[01](\.0{1,6})?)$/.test(text)) throw new InvalidArgumentError('A share from 0 to 1, please.');
  return Number(text);
}

async function openRecord(options: MigrateOptions, config: Config, files: FileItems | null): Promise<RunRecord | null> {
  const { serviceId: only, metricsFile, anomalyShare: share } = options;
  if (only !== undefined) {
    if (metricsFile === undefined && share === undefined) return null;
    throw new SluiceError('CONFIG_INVALID', '--metrics-file and --anomaly-share tell of all services, not of one');
  }
  return openRunRecord({
    config,
    target: files === null ? 'dynamodb' : 'files',
    folder: runsFolder(options),
    ...(metricsFile === undefined ? {} : { metricsFile }),
    ...(share === undefined ? {} : { anomalyShare: share }),
    fromStart: (files?.after ?? null) === null,
    clock: systemClock,
  });
}

async function migrate(options: MigrateOptions): Promise<number> {
  const config = placedConfig(options);
  const url = await sourceAddress(config, options);
  const files = options.outputDir === undefined ? null : await FileItems.open(options.outputDir);
  const store = files ?? openDynamoDbItems(dynamoDbPlace(config, 'dos'));
  const record = await openRecord(options, config, files);
  const stop = stopSignal();
  const { signal } = stop;
  const line = progressLine(process.stderr);
  const log = options.log === undefined ? null : createWriteStream(options.log, { flags: 'a' });
  const { environment } = config.dynamodb;
  const dos = findMigration(config, 'dos');
  const tell = log ? noteLog(config, dos, (text) => void log.write(text), record?.runId) : () => undefined;
  const sync = {
    config: { ...DEFAULTS, ...config.dos },
    store,
    now: isoNow,
    parallel: PARALLEL,
    signal,
    ...(record === null ? {} : { took: record.took }),
  };
  const started = performance.now();
  const seconds = (): number => (performance.now() - started) / 1000;
  try {
    if (!options.json)
      process.stderr.write(`from ${masked(url)} to ${options.outputDir ?? `DynamoDB, ${environment}`}\n`);
    const done = await withSource(url, 3, async (source) => {
      if (options.serviceId !== undefined) return syncOneService({ source, sync, tell }, options.serviceId);
      return syncAll({
        source,
        sync,
        tell,
        signal,
        after: files?.after ?? null,
        keep: async (after) => {
          await files?.keep(after);
          await record?.tick();
        },
        onProgress: ({ done: count, of, rejected }) => {
          const rate = count / Math.max(seconds(), 0.001);
          const left = Math.max(0, of - count);
          const text = `${count} of ${of} services, ${Math.round(rate)} a second, ${duration(left / rate)} left, ${rejected} rejected`;
          line.show(of === 0 ? 1 : count / of, text);
        },
      });
    });
    if (files !== null && !done.stopped) await files.keep(null, true);
    line.end();
    const report = (await record?.end(done)) ?? null;
    if (options.json) printJson({ ...done, seconds: seconds(), run: report });
    else process.stdout.write(`${spoken(done, seconds())}${files === null ? setbacks(done) : ''}${levels(report)}`);
    if (done.stopped) process.stderr.write('stopped before the end; run it again to go on\n');
    return done.stopped ? EXIT.failure : EXIT.ok;
  } catch (error) {
    // what stopped the sync is told, not that its record could not be closed either
    await record?.end(null).catch(() => undefined);
    line.end();
    if (error instanceof SluiceError && error.disposition === 'retry')
      process.stderr.write('what is written stays as it is; run it again to go on\n');
    throw error;
  } finally {
    line.end();
    stop.release();
    await files?.close();
    if (log) await new Promise<void>((resolve) => log.end(resolve));
  }
}

function spoken({ services, streamed, rejections, triage }: FullSynced, seconds: number): string {
  const { total, inserted, updated, unsupported, skipped, invalid, errors } = services;
  const same = total - inserted - updated - unsupported - skipped - invalid - errors;
  const kinds = Object.entries(rejections).sort((x, y) => y[1] - x[1]);
  const lines = [
    `${pc.bold('services')}  ${total} in ${duration(seconds)}: ${inserted} new, ${updated} changed, ${same} as they were${streamed > 0 ? ` (${streamed} left to the stream)` : ''}`,
    `          ${unsupported} of other kinds, ${skipped} passed over, ${invalid + errors} rejected${kinds.length > 0 ? `: ${kinds.map(([kind, count]) => `${kind} ${count}`).join(', ')}` : ''}`,
  ];
  if (triage)
    lines.push(
      `${pc.bold('triage')}    ${triage.codes} codes: ${triage.inserted} new, ${triage.updated} changed, ${triage.errors} rejected`,
    );
  return `${lines.join('\n')}\n`;
}

const setbacks = ({ setbacks: { throttled, contested, unanswered } }: FullSynced): string =>
  `${pc.bold('requests')}  sent again: ${throttled} throttled, ${contested} contested by another writer, ${unanswered} unanswered\n`;

function levels(report: RunReport | null): string {
  if (report === null) return '';
  const { record_p95_seconds: p95, anomalies } = report;
  const moved = (anomalies ?? []).map(({ type, before, now }) => `${type} ${before} to ${now}`);
  const lines =
    p95 === null ? [] : [`${pc.bold('levels')}    95 of 100 services in at most ${Math.ceil(p95 * 1000)} ms`];
  if (moved.length > 0) lines.push(pc.yellow(`          moved since the last complete run: ${moved.join(', ')}`));
  return lines.map((text) => `${text}\n`).join('');
}

export function registerDosMigrateCommand(dos: Command): void {
  withRuns(sourced(placed(dos.command('migrate').description('bring all services over, then the triage codes'))))
    .option('--service-id <id>', 'one service only, and the pharmacy it is linked to', serviceId)
    .option('--output-dir <dir>', 'write JSON lines there, a file a table, in place of DynamoDB')
    .option('--log <file>', 'append what the reference logs, one JSON line each (DM_ETL_*)')
    .option('--anomaly-share <share>', 'by which a count may move from run to run; 0.1 unless told', anomalyShare)
    .addHelpText(
      'after',
      `
The source is only read, each page of services as it is at one moment. A service that is rejected is counted and told
of in the log, and the others go on. Stopped or killed, run it again: what is there and right is left as it is; files
go on after the last whole page. A service that \`sluice run dos\` has written is left to the stream.
What was measured is kept as a report in --runs-dir; \`sluice dos gates\` judges it.

Exit codes: 0 all are done, those rejected included; 1 failed or stopped; 2 wrong call or setting.`,
    )
    .action(action(migrate));
}
