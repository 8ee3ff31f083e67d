import type { SqsQueue } from '../sqs.ts';
import type { EventMessage } from './events.ts';

const WAIT_SECONDS = 20;

/** Reads a queue of SQS until stopped. Messages that failed are left in it, and come again until it gives them up. */
export async function listenToSqs(listening: {
  readonly sqs: SqsQueue;
  /** Answers the ids of messages that failed. What it throws ends the listening, and all of the batch comes again. */
  readonly onMessages: (messages: readonly EventMessage[]) => Promise<readonly string[]>;
  readonly signal: AbortSignal;
  /** ends when no message is to be had */
  readonly once: boolean;
}): Promise<void> {
  const { sqs, onMessages, signal, once } = listening;
  while (!signal.aborted) {
    const messages = await sqs.receive(once ? 1 : WAIT_SECONDS);
    if (messages.length === 0 && once) return;
    if (messages.length === 0) continue;
    const failed = new Set(await onMessages(messages));
    await sqs.remove(messages.filter(({ id }) => !failed.has(id)));
  }
}
