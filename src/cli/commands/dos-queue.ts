import { type Command, InvalidArgumentError } from 'commander';
import { isoNow, systemClock } from '../../app/clock.ts';
import type { Config } from '../../app/config.ts';
import { openDynamoDbItems } from '../../app/dos/dynamodb-items.ts';
import { type EventMessage, handleEvents } from '../../app/dos/events.ts';
import { listenToSqs } from '../../app/dos/listen.ts';
import { fillQueue, type QueueOut } from '../../app/dos/queue.ts';
import { dynamoDbPlace } from '../../app/dynamodb.ts';
import { openTopicOut, readTopic, requireTopic } from '../../app/event-topic.ts';
import { createLog } from '../../app/logger.ts';
import { noteLog } from '../../app/notes.ts';
import { findMigration } from '../../app/pipeline.ts';
import { openSqs } from '../../app/sqs.ts';
import { SluiceError } from '../../core/index.ts';
import { DEFAULTS } from '../../migrations/dos/index.ts';
import { progressLine } from '../../rehearsal/index.ts';
import { action } from '../context.ts';
import { EXIT } from '../failure.ts';
import { masked, printJson } from '../print.ts';
import { stopSignal } from '../stop-signal.ts';
import { type PlaceOptions, placed, placedConfig } from './dos-place.ts';
import { type SourceOptions, sourceAddress, sourced, withSource } from './dos-source.ts';

interface QueueOptions {
  readonly sqsQueueUrl?: string;
  readonly topic?: string;
}

interface PopulateOptions extends PlaceOptions, SourceOptions, QueueOptions {
  readonly typeId?: readonly number[];
  readonly statusId?: readonly number[];
  readonly serviceId?: number;
  readonly recordId?: number;
  readonly tableName: string;
  readonly createTopic?: boolean;
}

interface EventsOptions extends PlaceOptions, SourceOptions, QueueOptions {
  readonly group: string;
  readonly deadLetters: string;
  readonly once?: boolean;
}

const wholeNumber = (text: string): number => {
  if (!/^-?\d{1,15}$/.test(text)) throw new InvalidArgumentError('A whole number, please.');
  return Number(text);
};
const several = (text: string, before: readonly number[] | undefined): readonly number[] => [
  ...(before ?? []),
  ...text.split(',').map((one) => wholeNumber(one.trim())),
];

const queued = (command: Command): Command =>
  command
    .option('--sqs-queue-url <url>', 'a queue of SQS, with AWS_REGION and the keys of AWS; else SQS_QUEUE_URL')
    .option('--topic <name>', 'a topic of Kafka in its place');

/** The one queue a command was given. */
function queueOf(config: Config, { sqsQueueUrl = config.sqsQueueUrl, topic }: QueueOptions) {
  if (topic !== undefined) return { topic };
  if (sqsQueueUrl === undefined) throw new SluiceError('CONFIG_INVALID', 'name --sqs-queue-url or --topic');
  return { sqs: openSqs(config, sqsQueueUrl) };
}

async function outOf(config: Config, options: PopulateOptions): Promise<QueueOut> {
  const { sqs, topic } = queueOf(config, options) as { sqs?: ReturnType<typeof openSqs>; topic?: string };
  if (sqs)
    return {
      name: sqs.url,
      send: (batch) => sqs.send(batch.map(({ id, body }) => ({ id, body: JSON.stringify(body) }))),
      close: async () => undefined,
    };
  const name = topic ?? '';
  // standard output is the command's answer
  const log = createLog({ level: config.logLevel, write: (line) => void process.stderr.write(line) });
  const target = { brokers: config.kafka, topic: name, log };
  await requireTopic(target, options.createTopic === true);
  const out = await openTopicOut(target);
  return {
    name,
    async send(batch) {
      await out.send(batch.map(({ id, body }) => ({ key: id, value: JSON.stringify(body) })));
      return [];
    },
    close: () => out.close(),
  };
}

async function populate(options: PopulateOptions): Promise<number> {
  const config = placedConfig(options);
  const out = await outOf(config, options);
  const line = progressLine(process.stderr);
  const stop = stopSignal();
  const write = (text: string): void => void (options.json ? undefined : process.stderr.write(text));
  const tell = noteLog(config, findMigration(config, 'dos'), write);
  try {
    const url = await sourceAddress(config, options);
    const { typeId = null, statusId = null, serviceId = null, recordId = null, tableName } = options;
    const request = {
      typeIds: typeId,
      statusIds: statusId,
      fullSync: serviceId === null && recordId === null,
      recordId,
      serviceId,
      tableName,
    };
    if (!options.json) process.stderr.write(`from ${masked(url)} to ${out.name}\n`);
    const filled = await withSource(url, 1, (source) =>
      fillQueue({
        request,
        source,
        out,
        clock: systemClock,
        // batches are the progress line's to tell of
        tell: (note) => (note.code === 'DM_QP_002' || note.code === 'DM_QP_004' ? undefined : tell(note)),
        onProgress: (done, of) => line.show(of === 0 ? 1 : done / of, `${done} of ${of} messages`),
        signal: stop.signal,
      }),
    );
    line.end();
    if (options.json) printJson(filled);
    else
      process.stdout.write(
        `${filled.sent} of ${filled.wanted} messages sent, ${filled.failed.length} not taken${filled.failed.length > 0 ? `: ${filled.failed.slice(0, 20).join(', ')}` : ''}\n`,
      );
    return filled.sent === filled.wanted ? EXIT.ok : EXIT.failure;
  } finally {
    line.end();
    stop.release();
    await out.close();
  }
}

async function events(options: EventsOptions): Promise<number> {
  const config = placedConfig(options);
  const url = await sourceAddress(config, options);
  const stop = stopSignal();
  const { signal } = stop;
  const once = options.once === true;
  const seen = { messages: 0, failed: 0, missing: 0 };
  const tell = noteLog(config, findMigration(config, 'dos'), (text) => void process.stdout.write(text));
  const sync = {
    config: { ...DEFAULTS, ...config.dos },
    store: openDynamoDbItems(dynamoDbPlace(config, 'dos')),
    now: isoNow,
    parallel: 1,
  };
  try {
    await withSource(url, 2, async (source) => {
      const handle = async (messages: readonly EventMessage[]) => {
        const { failed, missing } = await handleEvents({ source, sync, tell }, messages);
        seen.messages += messages.length;
        seen.failed += failed.length;
        seen.missing += missing;
        return failed;
      };
      const { sqs, topic } = queueOf(config, options) as { sqs?: ReturnType<typeof openSqs>; topic?: string };
      if (!sqs) {
        const { group, deadLetters } = options;
        const log = createLog({ level: config.logLevel });
        return readTopic({
          brokers: config.kafka,
          topic: topic ?? '',
          log,
          group,
          deadLetters,
          onMessages: handle,
          signal,
          once,
        });
      }
      return listenToSqs({ sqs, onMessages: handle, signal, once });
    });
    return EXIT.ok;
  } finally {
    const { messages, failed, missing } = seen;
    const why = failed === 0 ? '' : `: ${failed - missing} not understood, ${missing} of services that are not there`;
    const { throttled = 0, contested = 0, unanswered = 0 } = sync.store.setbacks ?? {};
    const again = `; sent again: ${throttled} throttled, ${contested} contested by another writer, ${unanswered} unanswered`;
    process.stderr.write(
      `${messages} messages, ${failed} failed${why}${throttled + contested + unanswered > 0 ? again : ''}\n`,
    );
    stop.release();
  }
}

const MESSAGES = `
A message: {"type": "dms_event", "record_id": 1, "service_id": 1, "table_name": "services", "method": "insert"}; service_id
may be left out, and the whole may be in {"source": "aurora_trigger", "event": {...}}. Tables are services (insert and
update) and serviceendpoints (every method); other tables and methods are noted and done with.`;

export function registerDosQueueCommands(dos: Command): void {
  queued(
    sourced(
      placed(dos.command('populate-queue').description('send a message for each service, so that it is brought over')),
    ),
  )
    .option('--type-id <id...>', 'services of these types only', several)
    .option('--status-id <id...>', 'services of these statuses only', several)
    .option('--service-id <id>', 'one service only, without looking for it', wholeNumber)
    .option('--record-id <id>', 'the record named in that one message', wholeNumber)
    .option('--table-name <name>', 'the table named in that one message', 'services')
    .option('--create-topic', 'make the topic when it is not there')
    .addHelpText(
      'after',
      `${MESSAGES}\n\nTen a batch, ten batches at a time; what the queue does not take is sent again, three times.\nExit codes: 0 all sent, 1 some were not taken or failed, 2 wrong call or setting.`,
    )
    .action(action(populate));

  queued(
    sourced(placed(dos.command('events').description('bring over the services that messages name, until stopped'))),
  )
    .option('--group <name>', 'consumer group on the topic', 'sluice.dos_events')
    .option(
      '--dead-letters <topic>',
      'where messages of a topic go that cannot be understood or name nothing',
      'dlq.dos_events',
    )
    .option('--once', 'end when there is nothing more to do')
    .addHelpText(
      'after',
      `${MESSAGES}\n\nOf a batch each message is by itself: those that fail stay in their queue of SQS, and come again until it gives them up;\nof a topic they go to the dead letters. Standard output has one JSON line for each thing that happened.\nExit codes: 0 stopped or done, 1 failed, 2 wrong call or setting.`,
    )
    .action(action(events));
}
