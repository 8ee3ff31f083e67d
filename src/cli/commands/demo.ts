import { join } from 'node:path';
import { Argument, type Command, InvalidArgumentError } from 'commander';
import pc from 'picocolors';
import type { Config } from '../../app/config.ts';
import { dynamoDbTables } from '../../app/dynamodb.ts';
import { connectorFolder, topicFolder } from '../../app/folders.ts';
import { isWell } from '../../app/status.ts';
import { watchStatus } from '../../app/watch.ts';
import { type Migration, SluiceError, silentLog } from '../../core/index.ts';
import { DEFAULT_DIRTY, parseAddress, progressLine } from '../../rehearsal/index.ts';
import { applyConnector, applyTopics, readConnector, readTopics } from '../../source/index.ts';
import { stackSettings, status as stackStatus, up } from '../../stack/index.ts';
import { type Child, startChild } from '../children.ts';
import { connectorPlace } from '../connector-place.ts';
import { action, configOf, withPipeline } from '../context.ts';
import { EXIT } from '../failure.ts';
import { CLEAR, renderStatus } from '../status-view.ts';
import { stopSignal } from '../stop-signal.ts';
import { SEEDS } from './seed.ts';
import { sayProgress } from './stack.ts';
import { span } from './traffic.ts';

type Shown = keyof typeof SEEDS;

interface DemoOptions {
  readonly rows: number;
  readonly rate: number;
  readonly for?: number;
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('A whole number above 0, please.');
  return value;
}

const say = (text: string): void => {
  process.stderr.write(`${pc.green('●')} ${text}\n`);
};

/** Everything before the flows run: servers, schemas, seeds, topics, connector. Each step may have been done before. */
async function prepare(migration: Shown, rows: number, signal: AbortSignal): Promise<void> {
  await up(stackSettings(), { waitForFhir: false }, sayProgress);
  const config = configOf();
  const line = progressLine(process.stderr);
  const seeded = await SEEDS[migration].seed(parseAddress(config.sourceUrl(migration)), {
    rows,
    seed: 1n,
    dirty: DEFAULT_DIRTY,
    signal,
    onProgress: (at) => line.show(at.done / at.of, `seeding, ${at.rows} rows`),
  });
  line.end();
  const inserted = seeded.tables.reduce((sum, table) => sum + table.inserted, 0);
  say(
    inserted === 0
      ? 'source     seeded before'
      : `source     seeded, ${inserted} rows of people and places that do not exist`,
  );
  const hasItems = await withPipeline(migration, { needsSchemas: false }, async (open) => {
    await open.admin.applySchemas(open.folders);
    return open.migration.dynamodb !== undefined;
  });
  say('schemas    ledger and target schemas are up to date');
  if (hasItems) {
    const made = await dynamoDbTables(config, migration).create();
    say(`tables     ${made.length === 0 ? 'there before' : `${made.length} DynamoDB tables made`}`);
  }
  await applyTopics(config.kafka, await readTopics(topicFolder, migration, config.prefix), { force: false }, silentLog);
  const place = connectorPlace(migration);
  const applied = await applyConnector(await readConnector(connectorFolder, migration, config.prefix), place, {
    newEpoch: false,
    dryRun: false,
  });
  say(`connector  ${applied.name} ${applied.action}`);
}

async function watch(migration: Shown, children: readonly Child[], signal: AbortSignal): Promise<boolean> {
  let well = false;
  // only one of them has documents for it
  let fhirReady = migration !== 'supabase';
  const started = performance.now();
  await withPipeline(migration, {}, (open, config) =>
    watchStatus(open, migration, config, { signal, once: false }, async (status) => {
      const dead = children.find((child) => child.exitCode() !== null);
      if (dead) throw new SluiceError('INTERNAL', `${dead.name} has ended by itself; see ${dead.logFile}`);
      if (!fhirReady) {
        const parts = await stackStatus(stackSettings());
        fhirReady = parts.every(({ part, state }) => part !== 'fhir' || state === 'running' || state === 'left out');
      }
      well = isWell(status);
      const minutes = Math.floor((performance.now() - started) / 60_000);
      const foot = [
        fhirReady ? '' : pc.dim('the FHIR server is still starting; its documents wait in `send`\n'),
        pc.dim(
          `running for ${minutes} m · metrics http://127.0.0.1:${config.port}/metrics · ${placeOf(migration, open.migration, config)}\n`,
        ),
        pc.dim('Ctrl-C stops the flows and leaves the servers up\n'),
      ].join('');
      process.stdout.write(`${process.stdout.isTTY ? CLEAR : ''}${renderStatus(status)}\n\n${foot}`);
    }),
  );
  return well;
}

const RUN_WITH: Readonly<Record<Shown, readonly string[]>> = { supabase: [], dos: [], pas: ['--test-data'] };

/** Where the documents can be looked at. */
const placeOf = (shown: Shown, { dynamodb }: Migration, config: Config): string =>
  shown === 'pas'
    ? 'tables pas184.load_* of the database services'
    : dynamodb
      ? `DynamoDB ${config.dynamodb.url}, \`sluice dos tables ls\``
      : `FHIR ${config.fhir}`;

async function demo(migration: Shown, options: DemoOptions): Promise<number> {
  const stop = stopSignal();
  const children: Child[] = [];
  try {
    await prepare(migration, options.rows, stop.signal);
    if (stop.signal.aborted) return EXIT.ok;
    const logFolder = join(stackSettings().home, 'logs');
    children.push(startChild('run', ['run', migration, ...RUN_WITH[migration]], logFolder));
    children.push(startChild('traffic', ['traffic', migration, '--rate', String(options.rate)], logFolder));
    const timed = options.for === undefined ? [] : [AbortSignal.timeout(options.for * 1000)];
    const well = await watch(migration, children, AbortSignal.any([stop.signal, ...timed]));
    return well ? EXIT.ok : EXIT.failure;
  } finally {
    for (const child of children.reverse()) await child.stop();
    stop.release();
    if (children.length > 0) {
      process.stderr.write(
        `\nflows and traffic have stopped; start again to go on where they were.\n` +
          '`npx sluice down` ends the servers, `npx sluice down --purge` also removes their data.\n',
      );
    }
  }
}

export function registerDemoCommand(program: Command): void {
  program
    .command('demo')
    .description('servers, seeds, flows and traffic at once, with a live view until Ctrl-C')
    .addArgument(new Argument('[migration]', 'which').choices(Object.keys(SEEDS)).default('supabase'))
    .option(
      '--rows <n>',
      'submissions, services or patients to seed; the other tables follow in proportion',
      count,
      500,
    )
    .option('--rate <n>', 'row changes a second', count, 5)
    .option('--for <time>', 'stop by itself after, e.g., 5m', span)
    .action(action(demo));
}
