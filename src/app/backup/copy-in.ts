import type pg from 'pg';

/** The parts of pg's connection that sending COPY data needs; pg itself has no door for it. */
interface Wire {
  query(text: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
  sendCopyFail(message: string): void;
  readonly stream: { readonly writableNeedDrain: boolean; once(event: 'drain' | 'close', call: () => void): unknown };
}

/** A `COPY ... FROM STDIN` under way. */
export interface CopyIn {
  /** Rows in COPY's text format, whole or in pieces. */
  write(text: string): void;
  /** The same as bytes. */
  writeBytes(bytes: Buffer): void;
  /** Resolves when the server keeps up. */
  drain(): Promise<void>;
  /** Resolves when the server has taken everything; throws what it says against it. */
  end(): Promise<void>;
  /** Gives up: nothing of it is kept. */
  fail(): Promise<void>;
}

const PIECE = 1 << 16;

/** Begins a COPY on a connection that does nothing else until it has ended. */
export async function copyIn(client: pg.Client, text: string): Promise<CopyIn> {
  let open: (wire: Wire) => void = () => undefined;
  let refuse: (error: Error) => void = () => undefined;
  let finish: () => void = () => undefined;
  const opened = new Promise<Wire>((resolve) => {
    open = resolve;
  });
  const done = new Promise<void>((resolve, reject) => {
    finish = resolve;
    refuse = reject;
  });
  // an early refusal is told by whoever waits next
  done.catch(() => undefined);
  let wire: Wire | null = null;
  const submittable = {
    submit: (connection: Wire) => connection.query(text),
    handleCopyInResponse: (connection: Wire) => open(connection),
    handleError: (error: Error) => refuse(error),
    handleReadyForQuery: () => finish(),
    handleCommandComplete: () => undefined,
    handleCopyData: () => undefined,
    handleRowDescription: () => undefined,
    handleDataRow: () => undefined,
    handleEmptyQuery: () => undefined,
    handlePortalSuspended: () => undefined,
  };
  client.query(submittable as unknown as pg.Submittable);
  wire = await Promise.race([opened, done.then(() => null)]);
  const sent = wire;
  if (sent === null) throw new Error('the server takes no COPY');
  let waiting = '';
  const flush = (): void => {
    if (waiting !== '') sent.sendCopyFromChunk(Buffer.from(waiting, 'utf8'));
    waiting = '';
  };
  return {
    write(piece) {
      waiting += piece;
      if (waiting.length > PIECE) flush();
    },
    writeBytes(bytes) {
      flush();
      sent.sendCopyFromChunk(bytes);
    },
    async drain() {
      if (!sent.stream.writableNeedDrain) return;
      await Promise.race([
        new Promise<void>((resolve) => {
          sent.stream.once('drain', resolve);
          sent.stream.once('close', resolve);
        }),
        done,
      ]);
    },
    async end() {
      flush();
      sent.endCopyFrom();
      await done;
    },
    async fail() {
      sent.sendCopyFail('given up');
      await done.catch(() => undefined);
    },
  };
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };
const SPECIAL = /[\\\n\r\t]/;

/** A value as COPY's text format has it; null is \N. */
export function copyText(value: string | null): string {
  if (value === null) return '\\N';
  return SPECIAL.test(value) ? value.replace(/[\\\n\r\t]/g, (character) => ESCAPES[character] ?? character) : value;
}
