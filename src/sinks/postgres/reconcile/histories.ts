import type { SeenHistory } from '../../../core/index.ts';
import { texts } from '../arrays.ts';
import type { Queryable } from '../sql.ts';

/** What histories were seen to hold when they were right, by subject. */
export class HistoryStore {
  readonly #db: Queryable;
  readonly #pipeline: string;

  constructor(db: Queryable, pipeline: string) {
    this.#db = db;
    this.#pipeline = pipeline;
  }

  async seen(target: string, subjects: readonly string[]): Promise<ReadonlyMap<string, SeenHistory>> {
    if (subjects.length === 0) return new Map();
    const found = await this.#db.query<SeenHistory & { subject: string }>(
      `select subject, through, entries, encode(hash, 'hex') as hash from sluice.seen_history
       where pipeline = $1 and target = $2 and subject = any($3::text[])`,
      [this.#pipeline, target, texts(subjects)],
    );
    return new Map(found.rows.map(({ subject, ...seen }) => [subject, seen]));
  }

  async saw(target: string, histories: ReadonlyMap<string, SeenHistory>): Promise<void> {
    if (histories.size === 0) return;
    const rows = [...histories].map(([subject, seen]) => ({ subject, ...seen }));
    await this.#db.query(
      `insert into sluice.seen_history as s (pipeline, target, subject, through, entries, hash)
       select $1, $2, r.subject, r.through, r.entries, decode(r.hash, 'hex')
       from jsonb_to_recordset($3) as r(subject text, through text, entries integer, hash text)
       on conflict (pipeline, target, subject)
       do update set through = excluded.through, entries = excluded.entries, hash = excluded.hash
       where s.hash <> excluded.hash`,
      [this.#pipeline, target, JSON.stringify(rows)],
    );
  }
}
