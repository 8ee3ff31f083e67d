import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Held {
  readonly id: string;
  readonly body: string;
  /** not shown before this time */
  visibleAt: number;
}

/**
 * A queue that speaks the JSON protocol of SQS as far as it is used: no server of SQS is to be had here. A message that
 * was received is hidden for a while and comes again when it was not removed. `refuse` says which entries are not taken;
 * `fault` answers an exception in place of what was asked for.
 */
export async function sqsServer(
  options: { refuse?: (id: string, attempt: number) => boolean; fault?: () => string | null; hideMs?: number } = {},
) {
  const queue = new Map<string, Held>();
  const attempts = new Map<string, number>();
  const batches: string[][] = [];
  let [next, most, now] = [0, 0, 0];
  const operations: Record<string, (input: Record<string, unknown>) => object> = {
    SendMessageBatch({ Entries }) {
      const entries = Entries as { Id: string; MessageBody: string }[];
      batches.push(entries.map(({ Id }) => Id));
      const [Successful, Failed]: object[][] = [[], []];
      for (const { Id, MessageBody } of entries) {
        const attempt = (attempts.get(Id) ?? 0) + 1;
        attempts.set(Id, attempt);
        if (options.refuse?.(Id, attempt)) Failed?.push({ Id, Code: 'InternalError', SenderFault: false });
        else {
          queue.set(String(next), { id: String(next), body: MessageBody, visibleAt: 0 });
          next += 1;
          Successful?.push({ Id, MessageId: Id });
        }
      }
      return { Successful, Failed };
    },
    ReceiveMessage({ MaxNumberOfMessages = 1 }) {
      const found = [...queue.values()].filter(({ visibleAt }) => visibleAt <= Date.now());
      const Messages = found.slice(0, Number(MaxNumberOfMessages));
      for (const message of Messages) message.visibleAt = Date.now() + (options.hideMs ?? 60_000);
      return Messages.length === 0
        ? {}
        : { Messages: Messages.map(({ id, body }) => ({ MessageId: `m${id}`, ReceiptHandle: id, Body: body })) };
    },
    DeleteMessageBatch({ Entries }) {
      for (const { ReceiptHandle } of Entries as { ReceiptHandle: string }[]) queue.delete(ReceiptHandle);
      return { Successful: [], Failed: [] };
    },
  };
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    now += 1;
    most = Math.max(most, now);
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () =>
      setTimeout(() => {
        now -= 1;
        const say = (status: number, body: object) => response.writeHead(status).end(JSON.stringify(body));
        const { authorization = '', 'x-amz-target': target } = request.headers;
        const operation = operations[String(target).replace('AmazonSQS.', '')];
        const fault = options.fault?.() ?? null;
        if (fault !== null) return say(400, { __type: `com.amazonaws.sqs#${fault}` });
        if (!/\/sqs\/aws4_request, /.test(authorization)) return say(403, { __type: 'x#AccessDeniedException' });
        if (!operation) return say(400, { __type: 'x#InvalidAction' });
        return say(200, operation(JSON.parse(Buffer.concat(parts).toString())));
      }, 5),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/000000000000/services`,
    batches,
    /** most requests that were open at once */
    most: () => most,
    put: (body: string) => void queue.set(`p${next}`, { id: `p${next++}`, body, visibleAt: 0 }),
    /** bodies of the messages that are there, hidden or not */
    held: () => [...queue.values()].map(({ body }) => body),
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}
