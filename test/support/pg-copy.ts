import pg from 'pg';

/** What of pg's connection a COPY needs; pg has no door of its own for it. */
interface Wire {
  query(text: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
}

/** `COPY ... FROM STDIN` of a whole text. */
export function copyFrom(client: pg.Client, statement: string, data: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const nothing = (): void => undefined;
    client.query({
      submit: (wire: Wire) => wire.query(statement),
      handleCopyInResponse: (wire: Wire) => {
        wire.sendCopyFromChunk(Buffer.from(data, 'utf8'));
        wire.endCopyFrom();
      },
      handleCommandComplete: nothing,
      handleError: reject,
      handleReadyForQuery: () => resolve(),
    } as unknown as pg.Submittable);
  });
}

/** Runs statements on a server's own database, and answers nothing. */
export async function asAdmin(server: pg.ClientConfig, ...statements: readonly string[]): Promise<void> {
  const admin = new pg.Client({ ...server, database: 'postgres' });
  await admin.connect();
  try {
    for (const statement of statements) await admin.query(statement);
  } finally {
    await admin.end();
  }
}
