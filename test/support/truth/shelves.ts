import { randomBytes } from 'node:crypto';
import type { DynamoDbTarget, FhirTarget, JsonObject, PostgresTarget, Target } from '../../../src/core/index.ts';
import { marshalled } from '../../../src/sinks/dynamodb/attributes.ts';
import { openItems } from '../dynamodb-items.ts';
import type { Rig } from '../rig.ts';

/** One target, reached past all guards of ours, as somebody with the rights of an administrator could. */
export interface Shelf {
  read(id: string): Promise<JsonObject>;
  /** puts it there exactly as it is, what we keep beside the content included */
  write(id: string, raw: JsonObject): Promise<void>;
  remove(id: string): Promise<void>;
  /** a write by another user, who knows nothing of what we keep beside the content */
  writeAsAnother(id: string, raw: JsonObject): Promise<void>;
  /** copies of a row under keys before and beyond all others */
  copies(raw: JsonObject, lastId: string): readonly { readonly id: string; readonly raw: JsonObject }[];
}

const LEAST = '00000000-0000-0000-0000-000000000001';
const MOST = 'ffffffff-ffff-4fff-bfff-ffffffffffff';

export function shelfOf(rig: Rig, target: Target): Shelf {
  if (target.kind === 'postgres') return table(rig, target);
  return target.kind === 'fhir' ? resources(rig, target) : items(rig, target);
}

function table(rig: Rig, target: PostgresTarget): Shelf {
  const { pool } = rig.open;
  const [key = ''] = target.key;
  const is = `${key}::text = $1`;
  const another = `${rig.config.prefix.replace(/\W/g, '')}_another`;
  async function columns(): Promise<string> {
    const found = await pool.query<{ names: string }>(
      `select string_agg(quote_ident(attname), ', ') as names from pg_attribute
       where attrelid = to_regclass($1) and attnum > 0 and not attisdropped and attgenerated = ''`,
      [target.name],
    );
    return found.rows[0]?.names ?? '';
  }
  async function put(db: Pick<typeof pool, 'query'>, id: string, raw: JsonObject): Promise<void> {
    const names = await columns();
    const row = `select ${names} from jsonb_populate_record(null::${target.name}, $2)`;
    const done = await db.query(`update ${target.name} set (${names}) = (${row}) where ${is}`, [
      id,
      JSON.stringify(raw),
    ]);
    if (done.rowCount === 0)
      await db.query(`insert into ${target.name} (${names}) ${row.replace('$2', '$1')}`, [JSON.stringify(raw)]);
  }
  return {
    async read(id) {
      const found = await pool.query<{ row: JsonObject }>(
        `select to_jsonb(t) as row from ${target.name} t where ${is}`,
        [id],
      );
      return found.rows[0]?.row ?? {};
    },
    write: (id, raw) => put(pool, id, raw),
    remove: async (id) => void (await pool.query(`delete from ${target.name} where ${is}`, [id])),
    async writeAsAnother(id, raw) {
      const client = await pool.connect();
      const schema = target.name.split('.')[0] as string;
      try {
        await client.query(`create role ${another}; grant usage on schema ${schema} to ${another};
          grant select, insert, update on ${target.name} to ${another}; set role ${another}`);
        await put(client as unknown as typeof pool, id, raw);
      } finally {
        await client.query(`reset role; drop owned by ${another}; drop role if exists ${another}`);
        client.release();
      }
    },
    copies: (raw, lastId) =>
      (/^[\da-f-]{36}$/.test(lastId) ? [LEAST, MOST] : ['!', `${lastId}z`]).map((id) => ({
        id,
        raw: { ...raw, [key]: id, ...('legacy_id' in raw ? { legacy_id: id } : {}) },
      })),
  };
}

function items(rig: Rig, target: DynamoDbTarget): Shelf {
  const open = openItems(rig.config);
  const keyOf = (id: string): JsonObject => {
    const values = target.key.length === 1 ? [id] : (JSON.parse(id) as string[]);
    return Object.fromEntries(target.key.map((name, i) => [name, values[i] as string]));
  };
  const put = (raw: JsonObject): Promise<void> => open.put(target.table, marshalled(raw));
  return {
    read: async (id) => (await open.get(target.table, keyOf(id))) ?? {},
    write: (_, raw) => put(raw),
    async remove(id) {
      const found = marshalled(keyOf(id));
      await open.client.call('DeleteItem', { TableName: open.named(target.table), Key: found });
    },
    writeAsAnother: (_, { sluice_revision: __, ...raw }) => put(raw),
    copies: (raw, lastId) => {
      const [, ...others] = target.key.length === 1 ? [] : (JSON.parse(lastId) as string[]);
      return [LEAST, MOST].map((first) => {
        const id = target.key.length === 1 ? first : JSON.stringify([first, ...others]);
        return { id, raw: { ...raw, ...keyOf(id) } };
      });
    },
  };
}

function resources(rig: Rig, target: FhirTarget): Shelf {
  const headers = { 'content-type': 'application/fhir+json', 'cache-control': 'no-cache' };
  async function call(id: string, init: RequestInit = {}): Promise<JsonObject> {
    const answer = await fetch(`${rig.config.fhir}/${target.resourceType}/${id}`, { headers, ...init });
    if (!answer.ok) throw new Error(`${init.method ?? 'GET'} ${target.resourceType}: ${answer.status}`);
    return (await answer.json()) as JsonObject;
  }
  const write = async (id: string, raw: JsonObject): Promise<void> =>
    void (await call(id, { method: 'PUT', body: JSON.stringify(raw) }));
  return {
    read: (id) => call(id),
    write,
    remove: async (id) => void (await call(id, { method: 'DELETE' })),
    writeAsAnother: (id, { extension: _, ...raw }) => write(id, raw as JsonObject),
    // the server is shared: keys of the last run are taken
    copies: (raw) =>
      [LEAST, MOST].map((end) => {
        const id = `${end.slice(0, 24)}${randomBytes(6).toString('hex')}`;
        return { id, raw: { ...raw, id } };
      }),
  };
}
