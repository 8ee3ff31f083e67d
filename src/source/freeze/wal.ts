import type pg from 'pg';

/** A committed change of a frozen table, as the write-ahead log has it. */
export interface WrittenSince {
  readonly table: string;
  readonly writes: number;
  readonly transactions: number;
  /** of the first */
  readonly lsn: string;
}

/** A slot holds the log from the freeze on, and a publication says which tables count. */
export const wardOf = (migration: string): string => `sluice_freeze_${migration}`;

/** Outside a transaction: a slot is not made in one that has written. */
export async function openWard(client: pg.Client, name: string, tables: readonly string[]): Promise<void> {
  await closeWard(client, name);
  const list = tables.map((table) => table.split('.').map(client.escapeIdentifier).join('.')).join(', ');
  await client.query(
    `create publication ${name} for table ${list} with (publish = 'insert, update, delete, truncate')`,
  );
  await client.query(`select pg_create_logical_replication_slot($1, 'pgoutput')`, [name]);
}

export async function closeWard(client: pg.Client, name: string): Promise<void> {
  await client.query('select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = $1', [
    name,
  ]);
  await client.query(`drop publication if exists ${name}`);
}

/** From here on the log is kept; what lies before was proved. */
export const moveWard = async (client: pg.Client, name: string, lsn: string): Promise<void> => {
  await client.query('select pg_replication_slot_advance($1, $2::pg_lsn)', [name, lsn]);
};

/** Why the slot proves nothing about the time since `from`; null: it does. */
export async function wardFault(
  client: pg.Client,
  name: string,
  tables: readonly string[],
  from: string,
): Promise<string | null> {
  const found = await client.query<{ status: string | null; moved: boolean }>(
    `select wal_status as status, confirmed_flush_lsn > $2::pg_lsn as moved from pg_replication_slots where slot_name = $1`,
    [name, from],
  );
  const [slot] = found.rows;
  if (!slot) return 'its replication slot is gone';
  if (slot.status === 'lost' || slot.status === null)
    return 'its replication slot lost the log (max_slot_wal_keep_size)';
  if (slot.moved) return 'its replication slot was moved on or made anew by somebody else';
  const published = await client.query<{ name: string }>(
    `select format('%s.%s', schemaname, tablename) as name from pg_publication_tables where pubname = $1`,
    [name],
  );
  const known = new Set(published.rows.map((row) => row.name));
  const lacking = tables.find((table) => !known.has(table));
  return lacking === undefined ? null : `its publication no longer has ${lacking}`;
}

const WRITES: ReadonlySet<string> = new Set(['I', 'U', 'D', 'T']);

/** All committed writes from the slot's place to `to`. Leaves the slot where it is. */
export async function writesSince(client: pg.Client, name: string, to: string): Promise<readonly WrittenSince[]> {
  const found = await client.query<{ lsn: string; xid: string; data: Buffer }>(
    `select lsn::text, xid::text, substring(data from 1 for 200) as data
     from pg_logical_slot_peek_binary_changes($1::name, $2::pg_lsn, null, 'proto_version', '1', 'publication_names', $1::text)
     where get_byte(data, 0) = any(array[ascii('R'), ascii('I'), ascii('U'), ascii('D'), ascii('T')])`,
    [name, to],
  );
  const names = new Map<number, string>();
  const tally = new Map<string, { writes: number; xids: Set<string>; lsn: string }>();
  for (const { lsn, xid, data } of found.rows) {
    const kind = String.fromCharCode(data[0] ?? 0);
    if (kind === 'R') names.set(data.readUInt32BE(1), relationName(data));
    if (!WRITES.has(kind)) continue;
    for (const id of relationsOf(kind, data)) {
      const table = names.get(id) ?? String(id);
      const one = tally.get(table) ?? { writes: 0, xids: new Set(), lsn };
      one.writes += 1;
      one.xids.add(xid);
      tally.set(table, one);
    }
  }
  return [...tally].map(([table, { writes, xids, lsn }]) => ({ table, writes, transactions: xids.size, lsn }));
}

/** A truncate names several: kind, how many, options, ids. Any other write has its one id after the kind. */
function relationsOf(kind: string, data: Buffer): readonly number[] {
  if (kind !== 'T') return [data.readUInt32BE(1)];
  const count = Math.min(data.readUInt32BE(1), Math.floor((data.length - 6) / 4));
  return Array.from({ length: count }, (_, i) => data.readUInt32BE(6 + 4 * i));
}

/** Kind, id, then schema and name, each ended by a zero. */
function relationName(data: Buffer): string {
  const schemaEnd = data.indexOf(0, 5);
  return `${data.toString('utf8', 5, schemaEnd)}.${data.toString('utf8', schemaEnd + 1, data.indexOf(0, schemaEnd + 1))}`;
}
