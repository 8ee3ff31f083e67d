import { type Migration, SluiceError } from '../core/index.ts';
import { type OutboxRow, PostgresOutbox } from '../sinks/postgres/index.ts';
import type { Chore } from './chore.ts';
import { openTopicsOut, type TopicMessages } from './event-topic.ts';
import type { OpenPipeline } from './pipeline.ts';
import { repeat } from './repeat.ts';

const AT_ONCE = 500;
const EVERY_MS = 1_000;

export const openOutbox = ({ pool, migration }: Pick<OpenPipeline, 'pool' | 'migration'>): PostgresOutbox =>
  new PostgresOutbox(pool, migration.cleaned === undefined ? [] : migration.targetSchemas);

/**
 * What topics are told of some rows: `events.<service>` has each row as an event, keyed by its aggregate; `cdc.<table>`,
 * compacted, the newest word of each source row under its key, and no value for one that is gone.
 */
export function messagesOf(
  rows: readonly OutboxRow[],
  cleaned: NonNullable<Migration['cleaned']>,
  prefix: string,
): readonly TopicMessages[] {
  const topics = new Map<string, TopicMessages['messages'][number][]>();
  const add = (topic: string, message: TopicMessages['messages'][number]): void => {
    const name = prefix + topic;
    const list = topics.get(name) ?? [];
    list.push(message);
    topics.set(name, list);
  };
  for (const row of rows) {
    const { service, id, aggregate, aggregateId, type, correlationId, at, legacyId } = row;
    const headers = { 'sluice.event': `${service}/${id}` };
    const about = JSON.stringify({ id: Number(id), service, type, aggregate, aggregateId, correlationId, at });
    // the row goes in as the text it is: through a number of JavaScript's it could be rounded
    add(`events.${service}`, { key: aggregateId, value: `${about.slice(0, -1)},"data":${row.data}}`, headers });
    const table = cleaned[aggregate];
    if (table !== undefined && legacyId !== null)
      add(`cdc.${table}`, { key: legacyId, value: row.isGone ? null : row.data, headers });
  }
  return [...topics].map(([topic, messages]) => ({ topic, messages }));
}

/** Sends what the outboxes hold, until nothing is left. Answers how much it was; null when somebody else is at it. */
export async function tellOutbox(
  open: Pick<OpenPipeline, 'pool' | 'migration'>,
  send: (batches: readonly TopicMessages[]) => Promise<void>,
  prefix: string,
): Promise<number | null> {
  const outbox = openOutbox(open);
  let sent = 0;
  for (;;) {
    const some = await outbox.tell(AT_ONCE, (rows) => send(messagesOf(rows, open.migration.cleaned ?? {}, prefix)));
    if (some === null) return sent === 0 ? null : sent;
    sent += some;
    if (some < AT_ONCE) return sent;
  }
}

/** What is left is counted after the telling, failed or not: before it, under load, there is always something. */
export async function tellThenCount(
  tell: () => Promise<void>,
  outbox: Pick<PostgresOutbox, 'unpublished'>,
  show: (left: number) => void,
): Promise<void> {
  try {
    await tell();
  } finally {
    show(await outbox.unpublished());
  }
}

/** A worker's chore: outboxes are emptied all the while. A missing topic is said once. */
export async function tendOutbox(chore: Chore): Promise<void> {
  const { config, open, meter, log } = chore;
  if (open.migration.cleaned === undefined) return;
  const outbox = openOutbox(open);
  let out: Awaited<ReturnType<typeof openTopicsOut>> | null = null;
  let hasFailed = false;
  await repeat(EVERY_MS, chore, 'telling what the outboxes hold', async () => {
    const tell = async (): Promise<void> => {
      out ??= await openTopicsOut({ brokers: config.kafka, log });
      await tellOutbox(open, out.send, config.prefix);
    };
    try {
      await tellThenCount(tell, outbox, (left) =>
        meter.gauge('sluice_outbox_unpublished', { pipeline: open.name }, left),
      );
      hasFailed = false;
    } catch (error) {
      if (!hasFailed) {
        const code = error instanceof SluiceError ? error.code : 'INTERNAL';
        log.warn(
          'the outboxes cannot be sent; tried again until they are (`sluice topics diff` names missing topics)',
          {
            code,
          },
        );
      }
      hasFailed = true;
    }
  });
  await (out as Awaited<ReturnType<typeof openTopicsOut>> | null)?.close();
}
