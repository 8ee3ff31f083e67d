import pg from 'pg';
import { cpuSeconds } from './usage.ts';

interface Backend {
  readonly pid: number;
  readonly who: string;
}

interface Seen {
  readonly who: string;
  readonly from: number;
  to: number;
}

const EVERY_MS = 200;

/**
 * CPU time of the backends that work on some databases, by their names: a client's application name, or the kind of a
 * process that serves none. Looks at them again and again, so that one that ends loses a fifth of a second at most.
 */
export class BackendCpu {
  readonly #client: pg.Client;
  readonly #databases: readonly string[];

  private constructor(client: pg.Client, databases: readonly string[]) {
    this.#client = client;
    this.#databases = databases;
  }

  /** @param url a database that is none of those: who measures is not measured */
  static async open(url: string, databases: readonly string[]): Promise<BackendCpu> {
    const client = new pg.Client(url);
    await client.connect();
    return new BackendCpu(client, databases);
  }

  /** Seconds of CPU by name while `work` runs. */
  async during(work: () => Promise<void>): Promise<ReadonlyMap<string, number>> {
    const seen = new Map<number, Seen>();
    const look = async (isFirst: boolean): Promise<void> => {
      for (const { pid, who } of await this.#backends()) {
        const now = cpuSeconds(pid);
        const known = seen.get(pid);
        if (known) known.to = Math.max(known.to, now);
        else seen.set(pid, { who, from: isFirst ? now : 0, to: now });
      }
    };
    await look(true);
    let isOver = false;
    const looking = (async () => {
      while (!isOver) {
        await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
        await look(false);
      }
    })();
    await work().finally(() => {
      isOver = true;
    });
    await looking;
    const sums = new Map<string, number>();
    for (const { who, from, to } of seen.values()) sums.set(who, (sums.get(who) ?? 0) + to - from);
    return sums;
  }

  async #backends(): Promise<readonly Backend[]> {
    const { rows } = await this.#client.query<Backend>(
      `select pid, case when backend_type = 'client backend' then application_name else backend_type end as who
       from pg_stat_activity where datname = any($1) and backend_type in ('client backend', 'walsender')`,
      [this.#databases],
    );
    return rows;
  }

  close(): Promise<void> {
    return this.#client.end();
  }
}
