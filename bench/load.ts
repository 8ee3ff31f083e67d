import type pg from 'pg';

/** One source transaction. */
export interface Step {
  readonly inserts: readonly number[];
  readonly updates: readonly number[];
  readonly deletes: readonly number[];
}

const INSERTS = 60;
const UPDATES = 35;
const DELETES = 5;

/** 100 changes a transaction: 60 inserts, 35 updates and 5 deletes of rows picked at random, the same in every run. */
export class LoadPlan {
  readonly #live: number[] = [];
  #left: number;
  #nextId = 1;
  #state = 20_260_101;

  constructor(events: number) {
    this.#left = events;
  }

  next(): Step | null {
    if (this.#left === 0) return null;
    const size = INSERTS + UPDATES + DELETES;
    const whole = this.#left >= size;
    const inserts = Array.from({ length: whole ? INSERTS : this.#left }, () => this.#nextId++);
    this.#live.push(...inserts);
    this.#left -= whole ? size : this.#left;
    if (!whole) return { inserts, updates: [], deletes: [] };
    const deletes = Array.from({ length: DELETES }, () => this.#takeOne());
    const updates = new Set<number>();
    while (updates.size < UPDATES) updates.add(this.#live[this.#below(this.#live.length)] as number);
    return { inserts, updates: [...updates], deletes };
  }

  #takeOne(): number {
    const at = this.#below(this.#live.length);
    const id = this.#live[at] as number;
    this.#live[at] = this.#live.at(-1) as number;
    this.#live.pop();
    return id;
  }

  #below(limit: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * limit);
  }
}

/** Rows written last: when all of them are at a target, every partition has been read to its end. */
export const MARKERS: readonly number[] = Array.from({ length: 64 }, (_, i) => 1_000_000_000 + i);

const INSERT = `insert into visit
  select i, 10000 + (i * 7919) % 50000, 'Clinic ' || i % 40, 'Dr. ' || initcap(left(md5((i % 300)::text), 9)),
    (array['booked', 'arrived', 'done'])[1 + i % 3], 'Reason ' || left(md5((i / 7)::text), 20),
    md5(i::text) || ' ' || md5((i + 1)::text) || ' ' || md5((i + 2)::text) || ' ' || md5((i + 3)::text)
      || ' ' || md5((i + 4)::text) || ' ' || left(md5((i + 5)::text), 24),
    '+380' || lpad((i % 1000000000)::text, 9, '0'), left(md5((i * 3)::text), 28) || ' Street ' || i % 200,
    timestamptz '2026-01-01' + (i % 100000) * interval '61 seconds',
    timestamptz '2026-01-01' + (i % 100000) * interval '61 seconds 20 ms',
    (i % 90000)::integer, i % 11 = 0, 1, clock_timestamp()
  from unnest($1::bigint[]) i`;

export async function writeTransaction(client: pg.Client, step: Step): Promise<void> {
  await client.query('begin');
  await client.query({ name: 'insert', text: INSERT, values: [step.inserts] });
  if (step.updates.length > 0) {
    await client.query({
      name: 'update',
      text: `update visit set version = version + 1, status = 'changed', note = left(md5(id::text || version) || note, 189),
        updated_at = clock_timestamp() where id = any($1::bigint[])`,
      values: [step.updates],
    });
  }
  if (step.deletes.length > 0) {
    await client.query({
      name: 'delete',
      text: 'delete from visit where id = any($1::bigint[])',
      values: [step.deletes],
    });
  }
  await client.query('commit');
}

export const writeMarkers = async (client: pg.Client): Promise<void> => void (await insertRows(client, MARKERS));

/** One transaction. */
export async function insertRows(client: Pick<pg.Client, 'query'>, ids: readonly number[]): Promise<void> {
  await client.query({ name: 'insert', text: INSERT, values: [ids] });
}
