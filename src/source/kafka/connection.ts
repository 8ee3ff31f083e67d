import { connect, type Socket } from 'node:net';

/** A request that has been sent and not answered. */
interface Waiting {
  readonly resolve: (answer: Buffer) => void;
  readonly reject: (error: Error) => void;
}

const CONNECT_MS = 5_000;

/** One connection to a broker: frames out, frames in, answers in the order of the requests. */
export class BrokerConnection {
  readonly #socket: Socket;
  readonly #waiting: Waiting[] = [];
  readonly #head = Buffer.alloc(4);
  #headBytes = 0;
  #frame: Buffer | null = null;
  #frameBytes = 0;
  #failure: Error | null = null;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('the broker closed the connection')));
  }

  /** @param address host:port */
  static open(address: string): Promise<BrokerConnection> {
    const colon = address.lastIndexOf(':');
    return new Promise((resolve, reject) => {
      const socket = connect({ host: address.slice(0, colon), port: Number(address.slice(colon + 1)) });
      const patience = setTimeout(() => socket.destroy(new Error('the broker does not answer')), CONNECT_MS);
      socket.once('error', (error) => {
        clearTimeout(patience);
        reject(error);
      });
      socket.once('connect', () => {
        clearTimeout(patience);
        resolve(new BrokerConnection(socket));
      });
    });
  }

  /** Sends one frame, its size excluded, and answers the frame that comes back. Fails when `ms` pass without one. */
  request(frame: Buffer, ms: number): Promise<Buffer> {
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      const patience = setTimeout(() => this.close(new Error('the broker does not answer')), ms);
      const settle = (work: () => void): void => {
        clearTimeout(patience);
        work();
      };
      this.#waiting.push({
        resolve: (answer) => settle(() => resolve(answer)),
        reject: (error) => settle(() => reject(error)),
      });
      const size = Buffer.allocUnsafe(4);
      size.writeInt32BE(frame.length, 0);
      this.#socket.write(Buffer.concat([size, frame]));
    });
  }

  close(reason = new Error('closed')): void {
    this.#fail(reason);
    this.#socket.destroy();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }

  /** Each frame gets a buffer of its own, for its records are handed on as pieces of it. */
  #take(chunk: Buffer): void {
    for (let at = 0; at < chunk.length; ) {
      if (!this.#frame) {
        const part = Math.min(4 - this.#headBytes, chunk.length - at);
        chunk.copy(this.#head, this.#headBytes, at, at + part);
        this.#headBytes += part;
        at += part;
        if (this.#headBytes < 4) return;
        this.#headBytes = 0;
        this.#frame = Buffer.allocUnsafeSlow(this.#head.readInt32BE(0));
        this.#frameBytes = 0;
      }
      const part = Math.min(this.#frame.length - this.#frameBytes, chunk.length - at);
      chunk.copy(this.#frame, this.#frameBytes, at, at + part);
      this.#frameBytes += part;
      at += part;
      if (this.#frameBytes < this.#frame.length) return;
      const frame = this.#frame;
      this.#frame = null;
      this.#waiting.shift()?.resolve(frame);
    }
  }
}
