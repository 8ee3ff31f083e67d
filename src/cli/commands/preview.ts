import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Command, InvalidArgumentError } from 'commander';
import pc from 'picocolors';
import { z } from 'zod';
import { canonicalJson, type Image, type JsonObject } from '../../core/index.ts';
import { migrationNames } from '../../migrations/index.ts';
import { createMemorySink } from '../../sinks/memory/index.ts';
import { EXIT, reportFailure } from '../failure.ts';
import { runDosPreview, spokenDosSummary } from './preview-dos.ts';
import { type PreviewEvent, PreviewSession } from './preview-session.ts';

interface PreviewOptions {
  readonly rows: string;
  readonly out: string;
  readonly namespace?: string;
  readonly base?: string;
  readonly files?: string;
  readonly at?: string;
  readonly flags?: readonly string[];
  readonly json?: boolean;
}

/** What is wrong with the input, in words that hold no value of it. */
class BadInput extends Error {}

interface Summary {
  readonly events: number;
  readonly documents: number;
  readonly bundles: number;
  readonly issues: number;
  readonly waiting: number;
  readonly parked: number;
}

export function registerPreviewCommand(program: Command): void {
  program
    .command('preview')
    .description('what a migration makes of rows in a file: documents, FHIR bundles and issues, without any server')
    .argument('<migration>', `whose rules: ${[...new Set([...migrationNames, 'dos'])].join(', ')}`)
    .requiredOption('--rows <file>', 'changes in commit order, one JSON object a line; of dos its rows by table')
    .requiredOption('--out <dir>', 'folder for the results; made when it is not there')
    .option('--namespace <uuid>', 'namespace of all name-based ids', uuidArgument)
    .option('--base <url>', 'base of the identifier systems, ending in id/', baseArgument)
    .option('--files <url>', 'where copied files are read, ending in /', baseArgument)
    .option('--at <time>', 'dos: the time in the items, ISO UTC')
    .option('--flags <flag...>', 'dos: e.g. pharmacy=off searchTriageCode=on; on unless told')
    .option('--json', 'one JSON line that sums it up')
    .addHelpText(
      'after',
      `
A line: {"table": "submissions", "op": "c", "row": {...}, "lsn": "24023128", "ts": "2025-03-22T10:00:01.500Z",
         "correlation_id": "..."}
  table           with or without its schema         op   c insert, u update, d delete, r read by a snapshot
  row             the row after the change; for a delete its last image
  lsn, ts         place and time of the commit; when left out the line's number, and the row's own newest time
  correlation_id  the gateway's id; when left out one is made of table, key and lsn

Written to DIR, the same bytes for the same rows:
  documents.jsonl                     the documents as they are at the end, sorted by target and id
  bundles/<n>.<table>.<op>.<id>.json  one transaction bundle for each event that has FHIR; n is the event's number
  issues.jsonl                        what was odd, with the event after which it was first seen

A row that needs another one (an appointment its submission) waits for it: an issue says so, and its bundle is written
with the number of the event that brings the other one. Of several changes that wait only the newest gets a bundle.

The rows of dos are one JSON object {"services": [row, ...], "serviceendpoints": [...], ...}, tables that no rule reads
among them or not. Written is what a full sync into empty tables would write, without the version history:
  documents.jsonl  a line for each item: {"table": "organisation", "item": {...}}
  issues.jsonl     a line for each service: {"service_id", "outcome", "transformer", "reason", "issues", "error"}

Exit codes: 0 done, 1 failure, 2 the input or the options are wrong.`,
    )
    .action(async (migration: string, options: PreviewOptions) => {
      try {
        if (migration === 'dos') {
          const summary = await runDosPreview(options);
          process.stdout.write(options.json ? `${JSON.stringify(summary)}\n` : spokenDosSummary(summary, options.out));
          process.exitCode = EXIT.ok;
          return;
        }
        const summary = await preview(migration, options);
        process.stdout.write(options.json ? `${JSON.stringify(summary)}\n` : spoken(summary, options.out));
        process.exitCode = EXIT.ok;
      } catch (error) {
        process.exitCode =
          error instanceof BadInput ? refuse(error, options) : reportFailure(error, options.json === true);
      }
    });
}

function refuse(error: BadInput, options: PreviewOptions): number {
  const line = options.json
    ? JSON.stringify({ code: 'BAD_INPUT', message: error.message })
    : `${pc.red('error')} ${error.message}`;
  process.stderr.write(`${line}\n`);
  return EXIT.badInput;
}

function uuidArgument(text: string): string {
  if (!z.guid().safeParse(text).success) throw new InvalidArgumentError('not a UUID');
  return text;
}

function baseArgument(text: string): string {
  if (!URL.canParse(text) || !text.endsWith('/')) throw new InvalidArgumentError('not a URL that ends in /');
  return text;
}

async function preview(migration: string, options: PreviewOptions): Promise<Summary> {
  if (migration === 'pas') throw new BadInput('pas has no preview: `sluice pas run` makes its tables without a server');
  if (!migrationNames.includes(migration)) {
    throw new BadInput(`there is no migration '${migration}'; there is ${migrationNames.join(', ')}`);
  }
  const isFile = await stat(options.rows).then(
    (found) => found.isFile(),
    () => false,
  );
  if (!isFile) throw new BadInput(`there is no file ${options.rows}`);
  const { namespace, base, files } = options;
  const session = new PreviewSession(migration, {
    ...(namespace === undefined ? {} : { namespace }),
    ...(base === undefined ? {} : { base }),
    ...(files === undefined ? {} : { files }),
  });
  const folder = join(options.out, 'bundles');
  await mkdir(folder, { recursive: true });
  await clear(folder);
  const issues = lines(join(options.out, 'issues.jsonl'));
  const count = { events: 0, bundles: 0, issues: 0 };
  for await (const event of eventsOf(options.rows)) {
    count.events += 1;
    const step = session.step(event);
    for (const { event: number, facts, bundle } of step.bundles) {
      const name = `${number}.${facts.table}.${facts.op}.${facts.key.replace(/[^\w.-]/g, '_')}.json`;
      await writeFile(join(folder, name), `${JSON.stringify(bundle, null, 2)}\n`);
      count.bundles += 1;
    }
    for (const issue of step.issues) await issues.write({ ...issue });
    count.issues += step.issues.length;
  }
  await issues.close();
  const documents = await writeDocuments(session, join(options.out, 'documents.jsonl'));
  const troubles = session.model.troubles();
  const waiting = troubles.filter((trouble) => trouble.state === 'waiting').length;
  return { ...count, documents, waiting, parked: troubles.length - waiting };
}

/** Takes away the bundles of an earlier run, which other rows would leave lying among the new ones. */
async function clear(folder: string): Promise<void> {
  const old = (await readdir(folder)).filter((name) => /^\d+\.[a-z_]+\.[cudr]\..+\.json$/.test(name));
  await Promise.all(old.map((name) => rm(join(folder, name))));
}

async function writeDocuments(session: PreviewSession, path: string): Promise<number> {
  const sink = createMemorySink();
  for (const [target, documents] of [...session.model.documents()].sort(byName)) {
    const held = [...documents].sort(byName);
    await sink.deliver(
      held.map(([id, { content, stamps }]) => ({ target, id, revision: 1n, content: { ...content, ...stamps } })),
    );
  }
  const out = lines(path);
  for (const { target, id, content } of sink.documents()) await out.write({ target, id, document: content });
  await out.close();
  return sink.documents().length;
}

const byName = (x: readonly [string, unknown], y: readonly [string, unknown]): number => (x[0] < y[0] ? -1 : 1);

/** A file of JSON lines that grows no faster than the disk takes it. */
function lines(path: string) {
  const stream = createWriteStream(path);
  return {
    async write(value: JsonObject): Promise<void> {
      if (!stream.write(`${canonicalJson(value)}\n`)) await once(stream, 'drain');
    },
    async close(): Promise<void> {
      stream.end();
      await once(stream, 'finish');
    },
  };
}

const LINE = z.object({
  table: z.string().min(1),
  op: z.enum(['c', 'u', 'd', 'r']),
  row: z.record(z.string(), z.unknown()),
  lsn: z.union([z.string().regex(/^\d{1,19}$/), z.int().nonnegative().transform(String)]).nullish(),
  ts: z.iso.datetime({ offset: true }).nullish(),
  correlation_id: z.guid().nullish(),
});

async function* eventsOf(path: string): AsyncGenerator<PreviewEvent> {
  let number = 0;
  let events = 0;
  let last = '1970-01-01T00:00:00.000Z';
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
    number += 1;
    if (line.trim() === '') continue;
    events += 1;
    const event = readLine(line, number, events, last);
    last = event.ts;
    yield event;
  }
}

function readLine(line: string, number: number, events: number, last: string): PreviewEvent {
  const read = LINE.safeParse(parsed(line, number));
  if (!read.success) {
    const members = [...new Set(read.error.issues.map((issue) => String(issue.path[0] ?? 'the line')))].join(', ');
    throw new BadInput(`line ${number}: ${members}: missing, or not as --help says`);
  }
  const { table, op, lsn, ts, correlation_id: correlationId } = read.data;
  const row = read.data.row as Image;
  if (typeof row['id'] !== 'string' || row['id'] === '') throw new BadInput(`line ${number}: row: no id`);
  return {
    table: table.replace(/^public\./, ''),
    op,
    row,
    lsn: lsn ?? String(events),
    ts: ts ?? timeOf(row) ?? last,
    correlationId: correlationId?.toLowerCase() ?? null,
  };
}

function parsed(line: string, number: number): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    throw new BadInput(`line ${number}: not JSON`);
  }
}

const timeOf = (row: Image): string | undefined =>
  [row['updated_at'], row['created_at']].find(
    (value): value is string => typeof value === 'string' && z.iso.datetime({ offset: true }).safeParse(value).success,
  );

const spoken = (summary: Summary, out: string): string =>
  `${summary.events} events: ${summary.documents} documents, ${summary.bundles} bundles, ${summary.issues} issues` +
  `${summary.waiting + summary.parked === 0 ? '' : ` (${summary.waiting} rows wait, ${summary.parked} are parked)`}` +
  `, in ${out}\n`;
