import type {
  Advance,
  Copied,
  CopyBatch,
  CopyFlow,
  DerivingTransaction,
  EpochSeen,
  Image,
  LandedBefore,
  LandedState,
  LandingTransaction,
  LinkMove,
  Mark,
  ParkedRecord,
  RecordedChange,
} from '../../core/index.ts';
import { movesOf, SluiceError } from '../../core/index.ts';
import { bigints, texts } from './arrays.ts';
import type { LedgerContext } from './context.ts';
import type { ArrayBatch } from './copy/batch.ts';
import { copyTable } from './copy/table.ts';
import { observeEpoch } from './epochs.ts';
import { type LandedRecord, landedBefore, landedColumns, landedState, saveRows } from './landed-rows.ts';
import type { LandedTable } from './landed-tables.ts';
import { insertMarks } from './marks.ts';
import { closeParked } from './parked.ts';
import type { Transaction } from './sql.ts';

/** The statements of one landing transaction, on the connection that holds it. */
export class PostgresLanding implements LandingTransaction {
  readonly #db: Transaction;
  readonly #context: LedgerContext;
  readonly deriving: DerivingTransaction;
  /** rows of landed tables this transaction has locked */
  readonly #held = new Map<string, Set<string>>();
  #attempts = 0;

  constructor(db: Transaction, context: LedgerContext, deriving: DerivingTransaction) {
    this.#db = db;
    this.#context = context;
    this.deriving = deriving;
  }

  async advance(move: Advance): Promise<boolean> {
    const done = await this.#db.query(
      {
        name: 'advance',
        text: `update sluice.progress set next_offset = $5, landed_at = clock_timestamp(),
         source_time = greatest(source_time, $6::timestamptz), log_time_ms = greatest(log_time_ms, $8::bigint)
       where pipeline = $1 and topic = $2 and part = $3 and next_offset = $4 and fence = $7`,
      },
      [
        this.#context.pipeline,
        move.topic,
        move.partition,
        String(move.from),
        String(move.to),
        move.sourceTime,
        String(move.fence),
        move.logTimeMs,
      ],
    );
    return done.rowCount === 1;
  }

  async landed(
    name: string,
    keys: readonly string[],
    whole: ReadonlySet<string>,
  ): Promise<ReadonlyMap<string, LandedBefore>> {
    if (keys.length === 0) return new Map();
    const table = this.#context.table(name);
    const columns = landedColumns(table, 'null as image');
    const found = await this.#db.query<LandedRecord>(
      {
        name: `landed_${table.digest}`,
        text: `select ${columns} from ${table.sql} where key = any($1::text[]) order by key for update`,
      },
      [texts(keys)],
    );
    const images = await this.#images(table, [...whole]);
    const held = this.#heldOf(name);
    for (const row of found.rows) held.add(row.key);
    return new Map(
      found.rows.map((row) => [row.key, { ...landedBefore(table, row), image: images.get(row.key) ?? null }]),
    );
  }

  /** Asked for by themselves: a list to be looked through for each row read would be dearer. The rows are held. */
  async #images(table: LandedTable, keys: readonly string[]): Promise<ReadonlyMap<string, Image>> {
    if (keys.length === 0) return new Map();
    const found = await this.#db.query<{ key: string; image: string }>(
      { name: `images_${table.digest}`, text: `select key, image from ${table.sql} where key = any($1::text[])` },
      [texts(keys)],
    );
    return new Map(found.rows.map(({ key, image }) => [key, JSON.parse(image) as Image]));
  }

  async notSeen(name: string, epoch: number, snapshotLsn: bigint, limit: number): Promise<readonly LandedState[]> {
    const table = this.#context.table(name);
    const found = await this.#db.query<LandedRecord>(
      `select ${landedColumns(table)} from ${table.sql}
       where not deleted and (epoch < $1 or (epoch = $1 and phase = 0 and b < $2)) order by key limit $3 for update`,
      [epoch, String(snapshotLsn), limit],
    );
    const held = this.#heldOf(name);
    for (const row of found.rows) held.add(row.key);
    return found.rows.map((row) => landedState(table, row));
  }

  #heldOf(name: string): Set<string> {
    const known = this.#held.get(name);
    if (known) return known;
    const held = new Set<string>();
    this.#held.set(name, held);
    return held;
  }

  observeEpoch(seen: EpochSeen): Promise<void> {
    return observeEpoch(this.#db, this.#context.pipeline, seen);
  }

  async save(name: string, rows: readonly LandedState[]): Promise<void> {
    const held = this.#heldOf(name);
    const isHeld = (row: LandedState): boolean => held.has(row.key);
    const table = this.#context.table(name);
    const fresh = rows.filter((row) => !isHeld(row));
    const [, kept] = await Promise.all([
      saveRows(this.#db, table, rows.filter(isHeld), 'replace'),
      saveRows(this.#db, table, fresh, 'keep'),
    ]);
    // A replay or a sweep may have landed the same row meanwhile: what was decided without it is decided again.
    if (kept < fresh.length)
      throw new SluiceError('TARGET_BUSY', 'a row was landed by somebody else at the same moment');
  }

  async mark(marks: readonly Mark[]): Promise<void> {
    await insertMarks(this.#db, this.#context.pipeline, marks);
  }

  async recordMoves(moves: readonly LinkMove[]): Promise<void> {
    for (const move of moves) {
      const table = this.#context.table(movesOf(move.table, move.link));
      await this.#db.query(
        `insert into ${table.sql} (key, image, epoch, phase, a, b, tx_id, kafka_offset, source_time, l_from, l_to, l_row)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) on conflict (key) do nothing`,
        [
          move.entry,
          JSON.stringify({ from: move.from, to: move.to, row: move.row }),
          move.position.epoch,
          move.position.phase,
          String(move.position.a),
          String(move.position.b),
          move.position.txId === null ? null : String(move.position.txId),
          String(move.position.offset),
          move.sourceTime,
          move.from,
          move.to,
          move.row,
        ],
      );
    }
  }

  async recordChanges(changes: readonly RecordedChange[]): Promise<void> {
    if (changes.length === 0) return;
    await this.#db.query(
      `insert into sluice.change (pipeline, tbl, key, entry, op, before, after, source_time, lsn)
       select $1, u.tbl, u.key, u.entry, u.op, u.before::jsonb, u.after::jsonb, u.source_time, u.lsn
       from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[])
         with ordinality as u(tbl, key, entry, op, before, after, source_time, lsn, n)
       order by u.n on conflict do nothing`,
      [
        this.#context.pipeline,
        changes.map((change) => change.table),
        changes.map((change) => change.key),
        changes.map((change) => change.entry),
        changes.map((change) => change.op),
        changes.map((change) => (change.before === null ? null : JSON.stringify(change.before))),
        changes.map((change) => JSON.stringify(change.after)),
        changes.map((change) => change.sourceTime),
        changes.map((change) => change.lsn),
      ],
    );
  }

  async park(records: readonly ParkedRecord[]): Promise<void> {
    for (const record of records) {
      await this.#db.query(
        `insert into sluice.parked
           (pipeline, kind, scope, key, code, detail, topic, part, "offset", raw_key, raw_value, headers)
         values ($1, 'record', $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         on conflict (pipeline, kind, scope, key, coalesce("offset", -1)) where state = 'parked'
         do update set attempts = parked.attempts + 1, last_at = clock_timestamp(),
           code = excluded.code, detail = excluded.detail`,
        [
          this.#context.pipeline,
          record.table,
          record.key,
          record.code,
          JSON.stringify(record.detail),
          record.topic,
          record.partition,
          String(record.offset),
          record.rawKey,
          record.rawValue,
          JSON.stringify(record.headers),
        ],
      );
    }
  }

  async openParked(table: string, keys: readonly string[]): Promise<ReadonlySet<string>> {
    if (keys.length === 0) return new Set();
    const found = await this.#db.query<{ key: string }>(
      `select distinct key from sluice.parked
       where pipeline = $1 and kind = 'record' and scope = $2 and key = any($3) and state = 'parked'`,
      [this.#context.pipeline, table, keys],
    );
    return new Set(found.rows.map((row) => row.key));
  }

  async hasParked(table: string): Promise<boolean> {
    const found = await this.#db.ask(
      {
        name: 'has_parked',
        text: `select from sluice.parked where pipeline = $1 and kind = 'record' and scope = $2 and state = 'parked' limit 1`,
      },
      [this.#context.pipeline, table],
    );
    return found.rowCount === 1;
  }

  async closeParked(ids: readonly string[], by: string): Promise<void> {
    if (ids.length > 0) await closeParked(this.#db, this.#context.pipeline, ids, 'healed', by, null);
  }

  async heal(table: string, complete: ReadonlyMap<string, bigint>): Promise<void> {
    if (complete.size === 0) return;
    await this.#db.query(
      `update sluice.parked p set state = 'healed', closed_at = clock_timestamp(), closed_by = 'a newer image'
       from unnest($3::text[], $4::bigint[]) as u(key, at)
       where p.pipeline = $1 and p.kind = 'record' and p.scope = $2 and p.key = u.key and p.state = 'parked'
         and p."offset" < u.at`,
      [this.#context.pipeline, table, texts([...complete.keys()]), bigints([...complete.values()])],
    );
  }

  copy(flow: CopyFlow, batch: CopyBatch, beside: boolean): Promise<Copied> {
    return copyTable(this.#context.copies, flow).write(this.#db, batch as ArrayBatch, beside);
  }

  sweepCopy(flow: CopyFlow, epoch: number, snapshotLsn: bigint, limit: number): Promise<number> {
    return copyTable(this.#context.copies, flow).sweep(this.#db, epoch, snapshotLsn, limit);
  }

  async attempt<T>(work: () => Promise<T>): Promise<T> {
    this.#attempts += 1;
    const name = `attempt_${this.#attempts}`;
    // neither is waited for: what fails here fails whatever comes behind it, the commit included
    this.#send(`savepoint ${name}`);
    try {
      const result = await work();
      this.#send(`release savepoint ${name}`);
      return result;
    } catch (error) {
      await this.#db.query(`rollback to savepoint ${name}`);
      throw error;
    }
  }

  #send(statement: string): void {
    this.#db.query(statement).catch(() => undefined);
  }
}
