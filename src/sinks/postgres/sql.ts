import type pg from 'pg';

/** Anything that runs a statement: a pool or one connection. */
export interface Queryable {
  /** a text, or one that the connection keeps prepared under a name */
  query<R extends pg.QueryResultRow = pg.QueryResultRow>(
    statement: string | { readonly name: string; readonly text: string },
    values?: unknown[],
  ): Promise<pg.QueryResult<R>>;
}

/** The connection of one transaction. Its statements wait until it has begun: outside of one they would stay. */
export interface Transaction extends Queryable {
  /** A statement that changes nothing, sent together with `begin`. */
  readonly ask: Queryable['query'];
}

export function transactionOn(client: Queryable): Transaction {
  const begun = client.query('begin');
  // told by the first statement that waits for it
  begun.catch(() => undefined);
  return {
    query: async (statement, values) => {
      await begun;
      return client.query(statement, values);
    },
    ask: (statement, values) => client.query(statement, values),
  };
}

/** A double-quoted identifier. */
export const ident = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** `schema.table` with a suffix on the schema, quoted. */
export function qualified(name: string, schemaSuffix: string): string {
  const [schema, table] = splitName(name);
  return `${ident(schema + schemaSuffix)}.${ident(table)}`;
}

export function splitName(name: string): [schema: string, table: string] {
  const dot = name.indexOf('.');
  return [name.slice(0, dot), name.slice(dot + 1)];
}

/** An instant as ISO UTC text with microseconds, which no JavaScript Date can hold. */
export const isoMicros = (column: string): string =>
  `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
