import type pg from 'pg';

/** The parts of pg's connection that receiving COPY data needs; pg itself has no door for it. */
interface Wire {
  query(text: string): void;
  readonly stream: { pause(): unknown; resume(): unknown; destroy(): unknown };
}

const PIECE = 1 << 20;

/**
 * Carries out `COPY ... TO STDOUT` and hands on whole rows, about a megabyte at a time. The server is held back while
 * `take` works.
 */
export function copyOut(
  client: pg.Client,
  statement: string,
  take: (rows: Buffer, count: number) => Promise<void>,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let wire: Wire | undefined;
    let held: Buffer[] = [];
    let bytes = 0;
    let last = Promise.resolve();
    const hand = (): void => {
      if (held.length === 0) return;
      const [rows, count] = [Buffer.concat(held), held.length];
      [held, bytes] = [[], 0];
      wire?.stream.pause();
      last = last
        .then(() => take(rows, count))
        .then(() => void wire?.stream.resume())
        .catch((error: unknown) => {
          reject(error);
          // the rest of the table would come otherwise
          wire?.stream.destroy();
        });
    };
    const nothing = (): void => undefined;
    client.query({
      submit: (connection: Wire) => {
        wire = connection;
        connection.query(statement);
      },
      // one message is one row; its bytes are the parser's own and are written over
      handleCopyData: ({ chunk }: { readonly chunk: Buffer }) => {
        held.push(Buffer.from(chunk));
        bytes += chunk.length;
        if (bytes >= PIECE) hand();
      },
      handleCommandComplete: nothing,
      handleError: reject,
      handleReadyForQuery: () => {
        hand();
        last.then(resolve, reject);
      },
    } as unknown as pg.Submittable);
  });
}
