import { Kafka, logLevel, type Producer } from 'kafkajs';
import type { Log } from '../../core/index.ts';

/** What a dead-letter topic says of a parked item: where it is and why, never what is in it. */
export interface DeadLetter {
  /** the item's number in the ledger; a letter sent twice has the same */
  readonly id: string;
  readonly pipeline: string;
  readonly flow: string;
  readonly kind: 'record' | 'root' | 'document';
  readonly code: string;
  readonly keyHash: string;
  readonly topic: string | null;
  readonly partition: number | null;
  readonly offset: string | null;
  readonly at: string;
}

export interface DeadLetterMirror {
  /** Throws when Kafka is away or a topic is missing; the caller tries again later, nothing waits for it. */
  mirror(letters: readonly DeadLetter[]): Promise<void>;
  close(): Promise<void>;
}

/** The dead-letter topic of a letter: its flow's. Records of a source table go to the flow named like the table. */
const deadLetterTopic = (letter: DeadLetter, prefix: string): string =>
  `${prefix}dlq.${letter.flow.slice(letter.flow.lastIndexOf('.') + 1)}`;

export function createDeadLetterMirror(options: {
  readonly brokers: readonly string[];
  /** before the names of topics, '' or e.g. `blue_` */
  readonly prefix: string;
  readonly log: Log;
}): DeadLetterMirror {
  const kafka = new Kafka({
    clientId: 'sluice-dead-letters',
    brokers: [...options.brokers],
    logLevel: logLevel.WARN,
    logCreator: () => (entry) => options.log.debug(`kafka client: ${entry.log.message}`),
    retry: { retries: 2 },
  });
  let connected: Promise<Producer> | null = null;
  const producer = (): Promise<Producer> => {
    connected ??= (async () => {
      const made = kafka.producer({ allowAutoTopicCreation: false, idempotent: true, maxInFlightRequests: 1 });
      await made.connect();
      return made;
    })();
    connected.catch(() => {
      connected = null;
    });
    return connected;
  };
  return {
    async mirror(letters) {
      if (letters.length === 0) return;
      const topics = grouped(letters, options.prefix);
      const topicMessages = [...topics].map(([topic, some]) => ({
        topic,
        messages: some.map((letter) => ({
          key: letter.keyHash,
          value: JSON.stringify(letter),
          headers: { 'sluice.id': letter.id, 'sluice.code': letter.code },
        })),
      }));
      await (await producer()).sendBatch({ topicMessages });
    },
    async close() {
      if (connected !== null) await connected.then((made) => made.disconnect()).catch(() => undefined);
    },
  };
}

function grouped(letters: readonly DeadLetter[], prefix: string): Map<string, DeadLetter[]> {
  const groups = new Map<string, DeadLetter[]>();
  for (const letter of letters) {
    const topic = deadLetterTopic(letter, prefix);
    groups.set(topic, [...(groups.get(topic) ?? []), letter]);
  }
  return groups;
}
