import type pg from 'pg';
import {
  canonicalJson,
  type GateEntry,
  type GateRecord,
  type GateRecordFilter,
  type GateRecordKind,
  type GateRecords,
  gateRecordHash,
  type JsonObject,
  SluiceError,
  type StoredGateRecord,
} from '../../core/index.ts';
import { classify } from './classify.ts';
import type { Queryable } from './sql.ts';

const COLUMNS = 'seq, kind, migration, subject, at, actor, requester, verdict, body, prev, hash';

type Row = Omit<StoredGateRecord, 'seq'> & { readonly seq: string };

const stored = ({ seq, ...row }: Row): StoredGateRecord => ({ ...row, seq: Number(seq) });

function understood({ body, ...row }: StoredGateRecord): GateRecord {
  let content: JsonObject;
  try {
    content = JSON.parse(body) as JsonObject;
  } catch {
    // somebody changed it; `verify` says so
    content = {};
  }
  return { ...row, kind: row.kind as GateRecordKind, verdict: row.verdict as GateRecord['verdict'], content };
}

/** The chain of records in the ledger's schema. */
export class PostgresGateRecords implements GateRecords {
  readonly #pool: pg.Pool;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  async chain(): Promise<string> {
    return chainOf(this.#pool);
  }

  async append(
    entry: GateEntry,
    since?: { readonly seq: number; readonly kinds: readonly GateRecordKind[] },
  ): Promise<GateRecord> {
    const client = await this.#pool.connect();
    try {
      await client.query('begin');
      // one at a time, and each reads the one before after it was committed
      await client.query(`select pg_advisory_xact_lock(hashtextextended('sluice gate records', 0))`);
      if (since) await refuseOvertaken(client, entry.migration, since);
      const head = await client.query<{ seq: string; hash: string }>(
        'select seq, hash from sluice.gate_record order by seq desc limit 1',
      );
      const last = head.rows[0];
      const { content, ...said } = entry;
      const link = {
        ...said,
        seq: Number(last?.seq ?? 0) + 1,
        prev: last?.hash ?? (await chainOf(client)),
        body: canonicalJson(content),
      };
      const record = { ...link, hash: gateRecordHash(link) };
      await client.query(
        `insert into sluice.gate_record (${COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
        COLUMNS.split(', ').map((column) => record[column as keyof typeof record]),
      );
      await client.query('commit');
      return understood(record);
    } catch (error) {
      await client.query('rollback').catch(() => undefined);
      throw classify(error);
    } finally {
      client.release();
    }
  }

  async newest({ migration, kinds, subject }: GateRecordFilter, limit: number): Promise<readonly GateRecord[]> {
    const found = await this.#pool.query<Row>(
      `select ${COLUMNS} from sluice.gate_record
       where ($1::text is null or migration = $1) and ($2::text[] is null or kind = any($2))
         and ($3::text is null or subject = $3)
       order by seq desc limit $4`,
      [migration ?? null, kinds === undefined ? null : [...kinds], subject ?? null, limit],
    );
    return found.rows.map((row) => understood(stored(row)));
  }

  async one(seq: number): Promise<GateRecord | null> {
    const found = await this.#pool.query<Row>(`select ${COLUMNS} from sluice.gate_record where seq = $1`, [seq]);
    const row = found.rows[0];
    return row ? understood(stored(row)) : null;
  }

  async stored(seq: number, limit: number): Promise<readonly StoredGateRecord[]> {
    const found = await this.#pool.query<Row>(
      `select ${COLUMNS} from sluice.gate_record where seq > $1 order by seq limit $2`,
      [seq, limit],
    );
    return found.rows.map(stored);
  }
}

async function chainOf(db: Queryable): Promise<string> {
  const found = await db.query<{ id: string }>('select id::text from sluice.gate_chain');
  const id = found.rows[0]?.id;
  if (id === undefined) throw new SluiceError('INTERNAL', 'the chain of gate records has no beginning');
  return id;
}

async function refuseOvertaken(
  db: Queryable,
  migration: string,
  since: { readonly seq: number; readonly kinds: readonly GateRecordKind[] },
): Promise<void> {
  const found = await db.query('select from sluice.gate_record where migration = $1 and kind = any($2) and seq > $3', [
    migration,
    [...since.kinds],
    since.seq,
  ]);
  if (found.rowCount !== 0)
    throw new SluiceError('TARGET_BUSY', 'somebody else moved the phase in this very moment; look again');
}
