import type pg from 'pg';
import { SluiceError } from '../../core/index.ts';
import { classify } from '../../sinks/postgres/index.ts';

/** Takes records; one without a value says that its key is gone. Resolves when the broker has them. */
export type SendRecords = (
  records: readonly { readonly key: string; readonly value: string | null }[],
) => Promise<void>;

export interface StockExported {
  readonly items: number;
  readonly sent: number;
  readonly gone: number;
}

/**
 * Refreshes the view and sends what is otherwise than what was sent last. Sent first and written down afterwards: what
 * is killed in between is sent again, the same. One export at a time, or an older value could come after a newer one.
 */
export async function exportStock(pool: pg.Pool, send: SendRecords, whole: boolean): Promise<StockExported> {
  const client = await pool.connect();
  let broken = true;
  try {
    const lock = await client.query<{ got: boolean }>(
      "select pg_try_advisory_lock(hashtextextended('sluice stock export ' || current_database(), 0)) as got",
    );
    if (!lock.rows[0]?.got) throw new SluiceError('CONFIG_INVALID', 'another export of stock levels is running');
    try {
      const exported = await exportOnce(client, send, whole);
      broken = false;
      return exported;
    } finally {
      if (!broken) await client.query('select pg_advisory_unlock_all()');
    }
  } catch (error) {
    throw error instanceof SluiceError ? error : classify(error);
  } finally {
    client.release(broken);
  }
}

async function exportOnce(client: pg.PoolClient, send: SendRecords, whole: boolean): Promise<StockExported> {
  await client.query('refresh materialized view concurrently partnerops.stock_level');
  const { rows } = await client.query<{ key: string; value: string | null; is_new: boolean }>(
    `select coalesce(l.legacy_id, s.legacy_id)::text as key, to_jsonb(l)::text as value,
            to_jsonb(l) is distinct from s.value as is_new
     from partnerops.stock_level l full join partnerops.stock_level_sent s on s.legacy_id = l.legacy_id order by 1`,
  );
  const items = rows.filter(({ value }) => value !== null).length;
  const due = rows.filter(({ is_new }) => is_new || whole);
  for (let start = 0; start < due.length; start += 500) {
    const some = due.slice(start, start + 500).map(({ key, value }) => ({ key, value }));
    await send(some);
    await client.query(
      `with told as (select * from unnest($1::uuid[], $2::jsonb[]) t(legacy_id, value)),
       gone as (delete from partnerops.stock_level_sent s using told t where s.legacy_id = t.legacy_id and t.value is null)
       insert into partnerops.stock_level_sent (legacy_id, value)
       select legacy_id, value from told where value is not null
       on conflict (legacy_id) do update set value = excluded.value, sent_at = now()`,
      [some.map(({ key }) => key), some.map(({ value }) => value)],
    );
  }
  const gone = due.filter(({ value }) => value === null).length;
  return { items, sent: due.length - gone, gone };
}
