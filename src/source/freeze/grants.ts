import pg from 'pg';

/** One right to write, as an entry of a table's or column's access list has it. */
export interface WriteGrant {
  readonly table: string;
  /** null: of the whole table */
  readonly column: string | null;
  /** a role, or `public` */
  readonly grantee: string;
  readonly grantor: string;
  readonly privilege: 'INSERT' | 'UPDATE' | 'DELETE' | 'TRUNCATE';
  readonly grantable: boolean;
}

const quoted = (name: string): string => name.split('.').map(pg.escapeIdentifier).join('.');
const toWhom = ({ grantee }: WriteGrant): string => (grantee === 'public' ? 'public' : pg.escapeIdentifier(grantee));
const what = ({ privilege, column }: WriteGrant): string =>
  column === null ? privilege : `${privilege} (${pg.escapeIdentifier(column)})`;

/** All rights to write these tables; an owner's own are among them, said or not. */
export async function readWriteGrants(client: pg.ClientBase, tables: readonly string[]): Promise<WriteGrant[]> {
  const found = await client.query<WriteGrant>(
    `select t.name as table, l.column_name as column, coalesce(e.rolname, 'public') as grantee, g.rolname as grantor,
       a.privilege_type as privilege, a.is_grantable as grantable
     from unnest($1::text[]) with ordinality t(name, place)
     join pg_class c on c.oid = to_regclass(t.name)
     cross join lateral (
       select null::name as column_name, coalesce(c.relacl, acldefault('r', c.relowner)) as acl
       union all select attname, attacl from pg_attribute
         where attrelid = c.oid and attacl is not null and not attisdropped) l
     cross join lateral aclexplode(l.acl) a
     left join pg_roles e on e.oid = a.grantee
     join pg_roles g on g.oid = a.grantor
     where a.privilege_type in ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE')
     order by t.place, l.column_name nulls first, grantee, privilege`,
    [tables],
  );
  return found.rows;
}

/** Takes rights away, from owners too; what was granted on from them goes with them. */
export async function revoke(client: pg.ClientBase, grants: readonly WriteGrant[]): Promise<void> {
  for (const grant of grants)
    await client.query(`revoke ${what(grant)} on ${quoted(grant.table)} from ${toWhom(grant)} cascade`);
}

/**
 * Gives rights back, each by who had granted it: an entry without its right to grant waits for the one it came from.
 * Answers those that nobody could give.
 */
export async function grantAgain(client: pg.ClientBase, grants: readonly WriteGrant[]): Promise<readonly WriteGrant[]> {
  let rest = grants;
  for (;;) {
    const refused: WriteGrant[] = [];
    for (const grant of rest) if (!(await granted(client, grant))) refused.push(grant);
    if (refused.length === 0 || refused.length === rest.length) return refused;
    rest = refused;
  }
}

async function granted(client: pg.ClientBase, grant: WriteGrant): Promise<boolean> {
  await client.query('savepoint one');
  try {
    await client.query(`set local role ${pg.escapeIdentifier(grant.grantor)}`);
    const further = grant.grantable ? ' with grant option' : '';
    await client.query(`grant ${what(grant)} on ${quoted(grant.table)} to ${toWhom(grant)}${further}`);
    await client.query('reset role');
    const now = await readWriteGrants(client, [grant.table]);
    // without the right to grant, GRANT only warns
    if (!now.some((one) => isSame(one, grant))) throw new Error('not granted');
    await client.query('release savepoint one');
    return true;
  } catch {
    await client.query('rollback to savepoint one');
    return false;
  }
}

export const isSame = (x: WriteGrant, y: WriteGrant): boolean =>
  x.table === y.table &&
  x.column === y.column &&
  x.grantee === y.grantee &&
  x.grantor === y.grantor &&
  x.privilege === y.privilege &&
  x.grantable === y.grantable;

/** Roles that may still write one of the tables: superusers, members of pg_write_all_data, and who was granted it anew. */
export async function rolesThatWrite(client: pg.ClientBase, tables: readonly string[]): Promise<readonly string[]> {
  const found = await client.query<{ name: string }>(
    `select r.rolname as name from pg_roles r
     where r.rolname !~ '^pg_' and exists (
       select from unnest($1::text[]) t
       where has_table_privilege(r.oid, to_regclass(t), 'INSERT, UPDATE, DELETE, TRUNCATE')
         or has_any_column_privilege(r.oid, to_regclass(t), 'INSERT, UPDATE'))
     order by 1`,
    [tables],
  );
  return found.rows.map(({ name }) => name);
}

/** Owners, and who may act as one: they can give themselves their rights back. */
export async function rolesThatOwn(client: pg.ClientBase, tables: readonly string[]): Promise<readonly string[]> {
  const found = await client.query<{ name: string }>(
    `select distinct r.rolname as name from pg_roles r, unnest($1::text[]) t
     join pg_class c on c.oid = to_regclass(t)
     where r.rolname !~ '^pg_' and pg_has_role(r.oid, c.relowner, 'MEMBER') order by 1`,
    [tables],
  );
  return found.rows.map(({ name }) => name);
}
