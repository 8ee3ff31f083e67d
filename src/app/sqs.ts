import { type JsonObject, SluiceError } from '../core/index.ts';
import { AwsRefusal, createAwsClient } from '../sinks/aws/index.ts';
import { systemClock } from './clock.ts';
import type { Config } from './config.ts';

export interface SqsMessage {
  readonly id: string;
  readonly body: string;
  /** what it is removed by */
  readonly receipt: string;
}

/** A queue of SQS, by its JSON protocol. Throws UNAUTHORISED, TARGET_UNAVAILABLE, CONFIG_INVALID where there is none. */
export interface SqsQueue {
  readonly url: string;
  /** At most ten; answers the ids of those that were not taken. */
  send(entries: readonly { readonly id: string; readonly body: string }[]): Promise<readonly string[]>;
  /** Up to ten, none when none came in this time. They come again when they are not removed. */
  receive(waitSeconds: number): Promise<readonly SqsMessage[]>;
  /** Removes messages; one that could not be removed comes again. */
  remove(messages: readonly SqsMessage[]): Promise<void>;
}

const SQS = { name: 'SQS', signedAs: 'sqs', prefix: 'AmazonSQS', json: '1.0' } as const;

export function openSqs(config: Config, url: string): SqsQueue {
  if (!URL.canParse(url)) throw new SluiceError('CONFIG_INVALID', '--sqs-queue-url: no URL');
  const credentials = async () => config.awsKeys();
  const client = createAwsClient(SQS, {
    url,
    region: config.s3.region,
    credentials,
    clock: systemClock,
    // a reading waits at the server
    timeoutMs: 30_000,
  });
  const call = async (operation: string, input: JsonObject): Promise<JsonObject> => {
    try {
      return await client.call(operation, { QueueUrl: url, ...input });
    } catch (error) {
      throw error instanceof AwsRefusal ? understood(error) : error;
    }
  };
  return {
    url,
    async send(entries) {
      const Entries = entries.map(({ id, body }) => ({ Id: id, MessageBody: body }));
      const { Failed = [] } = await call('SendMessageBatch', { Entries });
      return (Failed as readonly JsonObject[]).map(({ Id }) => String(Id));
    },
    async receive(waitSeconds) {
      const input = { MaxNumberOfMessages: 10, WaitTimeSeconds: waitSeconds };
      const { Messages } = await call('ReceiveMessage', input);
      return ((Messages ?? []) as readonly JsonObject[]).map(({ MessageId, Body, ReceiptHandle }) => ({
        id: String(MessageId),
        body: String(Body),
        receipt: String(ReceiptHandle),
      }));
    },
    async remove(messages) {
      if (messages.length === 0) return;
      const Entries = messages.map(({ receipt }, place) => ({ Id: String(place), ReceiptHandle: receipt }));
      await call('DeleteMessageBatch', { Entries });
    },
  };
}

function understood({ kind, message }: AwsRefusal): SluiceError {
  if (/QueueDoesNotExist|NonExistentQueue|InvalidAddress/.test(kind))
    return new SluiceError('CONFIG_INVALID', '--sqs-queue-url: there is no such queue');
  if (/Throttl|OverLimit/.test(kind)) return new SluiceError('TARGET_BUSY', message);
  return new SluiceError('TARGET_REFUSED', message);
}
