import pg from 'pg';
import { csvLine } from '../../../core/index.ts';
import { COPY_COLUMN, ROW_COLUMN, type StagingTable, stagingDdl } from '../../../migrations/pas/index.ts';
import { type CopyIn, copyIn, copyText } from '../../backup/copy-in.ts';
import { notConnected } from '../database-error.ts';
import type { Extract, LineProblem } from '../source-files.ts';

/** What became of one table. Rows are those of the extract; `inserted` to `unchanged` those of the database. */
export interface LoadedTable {
  readonly table: string;
  /** loaded; missing: not in the extract; refused: `problem` says why, and the table is as it was */
  readonly state: 'loaded' | 'missing' | 'refused';
  readonly problem: 'HEADER_MISSING' | 'KEY_COLUMN_MISSING' | 'EMPTY' | null;
  readonly columnsMissing: readonly string[];
  readonly columnsUnknown: readonly string[];
  readonly read: number;
  readonly bad: number;
  /** rows of a key that stands several times, beyond the first */
  readonly repeated: number;
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
  readonly unchanged: number;
  /** rows the extract lacks and that were left, because lines of the table could not be read: it may be one of them */
  readonly kept: number;
  readonly seconds: number;
}

export interface LoadOptions {
  readonly extract: Extract;
  readonly url: string;
  readonly schema: string;
  readonly tables: readonly StagingTable[];
  /** a table whose extract has a header and no rows is emptied */
  readonly allowEmpty: boolean;
  /** takes a line of the file of rejects: table, line, reason */
  readonly reject: (line: string) => void;
  /** share of the bytes of all tables done */
  readonly progress: (share: number, table: string, rows: number) => void;
  readonly cancelled: () => boolean;
  readonly now: () => number;
}

const quoted = (name: string): string => pg.escapeIdentifier(name);

/**
 * Brings an extract into the staging schema, each table in one transaction. Only rows that differ are written, so that
 * who follows the tables sees the changes between two extracts and nothing else. @throws SOURCE_UNAVAILABLE
 */
export async function loadExtract(options: LoadOptions): Promise<readonly LoadedTable[]> {
  const client = new pg.Client({ connectionString: options.url, application_name: 'sluice pas load-extract' });
  try {
    await client.connect();
  } catch (cause) {
    throw notConnected('the staging database', cause);
  }
  client.on('error', () => undefined);
  try {
    const there = new Map((await options.extract.tables()).map(({ table, bytes }) => [table, bytes]));
    await client.query(`set client_min_messages = warning`);
    await client.query(`create schema if not exists ${quoted(options.schema)}`);
    for (const table of options.tables) await makeTable(client, table, options.schema);
    const all = options.tables.reduce((sum, { table }) => sum + (there.get(table) ?? 0), 0);
    const done: LoadedTable[] = [];
    let bytes = 0;
    for (const table of options.tables) {
      if (options.cancelled()) break;
      const started = options.now();
      const share = (): number => (all === 0 ? 1 : bytes / all);
      const outcome = there.has(table.table)
        ? await loadTable(client, table, options, (rows) => options.progress(share(), table.table, rows))
        : { ...NOTHING, state: 'missing' as const };
      bytes += there.get(table.table) ?? 0;
      done.push({ table: table.table, ...outcome, seconds: (options.now() - started) / 1000 });
      options.progress(share(), table.table, outcome.read);
    }
    return done;
  } finally {
    await client.end();
  }
}

async function makeTable(client: pg.Client, table: StagingTable, schema: string): Promise<void> {
  const found = await client.query<{ columns: string[] | null }>(
    `select array_agg(attname::text) as columns from pg_attribute
     where attrelid = to_regclass($1) and attnum > 0 and not attisdropped`,
    [`${quoted(schema)}.${quoted(table.name)}`],
  );
  for (const statement of stagingDdl(table, schema, found.rows[0]?.columns ?? [])) await client.query(statement);
}

type Outcome = Omit<LoadedTable, 'table' | 'seconds'>;

const NOTHING: Outcome = {
  state: 'loaded',
  problem: null,
  columnsMissing: [],
  columnsUnknown: [],
  read: 0,
  bad: 0,
  repeated: 0,
  inserted: 0,
  updated: 0,
  deleted: 0,
  unchanged: 0,
  kept: 0,
};

async function loadTable(
  client: pg.Client,
  table: StagingTable,
  options: LoadOptions,
  progress: (rows: number) => void,
): Promise<Outcome> {
  await client.query('begin');
  try {
    const columns = table.columns.map((column) => `${quoted(column)} text`).join(', ');
    await client.query(`create temp table incoming (${columns}) on commit drop`);
    const copy = await copyIn(client, `copy incoming (${table.columns.map(quoted).join(', ')}) from stdin`);
    const taken = await receive(table, options, copy, progress);
    if (taken.problem !== null || options.cancelled()) {
      await copy.fail();
      await client.query('rollback');
      return { ...NOTHING, ...taken, state: 'refused' };
    }
    await copy.end();
    if (taken.read === 0 && !options.allowEmpty && (await hasRows(client, table, options.schema))) {
      await client.query('rollback');
      return { ...NOTHING, ...taken, state: 'refused', problem: 'EMPTY' };
    }
    const merged = await merge(client, table, options.schema, taken.bad > 0);
    await client.query('commit');
    return { ...NOTHING, ...taken, ...merged };
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
}

async function hasRows(client: pg.Client, { name }: StagingTable, schema: string): Promise<boolean> {
  const found = await client.query(`select from ${quoted(schema)}.${quoted(name)} limit 1`);
  return (found.rowCount ?? 0) > 0;
}

type Received = Pick<Outcome, 'problem' | 'columnsMissing' | 'columnsUnknown' | 'read' | 'bad'>;

async function receive(
  table: StagingTable,
  { extract, reject, cancelled }: LoadOptions,
  copy: CopyIn,
  progress: (rows: number) => void,
): Promise<Received> {
  let from: number[] | null = null;
  let columnsMissing: string[] = [];
  let columnsUnknown: string[] = [];
  let [read, bad] = [0, 0];
  const refuse = (line: string, reason: LineProblem): void => {
    read += 1;
    bad += 1;
    reject(csvLine([table.table, line, reason]));
  };
  const isKey = table.columns.map((column) => table.key.includes(column));
  await extract.read(table.table, {
    header(names) {
      const at = new Map<string, number>();
      for (const [i, name] of names.entries()) {
        const plain = name
          .replace(/^\ufeff/, '')
          .trim()
          .toLowerCase();
        if (!at.has(plain)) at.set(plain, i);
      }
      from = table.columns.map((column) => at.get(column) ?? -1);
      columnsMissing = table.columns.filter((column) => !at.has(column));
      columnsUnknown = [...at.keys()].filter((name) => !table.columns.includes(name));
    },
    row(cells) {
      if (from === null || cancelled()) return;
      read += 1;
      let line = '';
      for (let i = 0; i < from.length; i++) {
        const cell = cells[from[i] as number]?.trim() ?? '';
        // a blank is nothing, but a key has to say even that
        line += `${i === 0 ? '' : '\t'}${copyText(cell === '' && !isKey[i] ? null : cell)}`;
      }
      copy.write(`${line}\n`);
      if (read % 20_000 === 0) progress(read);
    },
    bad: refuse,
    drain: () => copy.drain(),
  });
  const lost = from === null ? [] : table.key.filter((column) => columnsMissing.includes(column));
  const problem = from === null ? 'HEADER_MISSING' : lost.length > 0 ? 'KEY_COLUMN_MISSING' : null;
  return { problem, columnsMissing, columnsUnknown, read, bad };
}

type Merged = Pick<Outcome, 'repeated' | 'inserted' | 'updated' | 'deleted' | 'unchanged' | 'kept'>;

/** Turns what came into the difference to what is there. With `unsure` nothing is taken away. */
async function merge(client: pg.Client, table: StagingTable, schema: string, unsure: boolean): Promise<Merged> {
  const target = `${quoted(schema)}.${quoted(table.name)}`;
  const list = table.columns.map(quoted).join(', ');
  const key = [...table.key, COPY_COLUMN];
  const values = table.columns.filter((column) => !table.key.includes(column));
  const same = key.map((column) => `t.${quoted(column)} = n.${quoted(column)}`).join(' and ');
  const rowOf = (alias: string): string => `(${values.map((column) => `${alias}.${quoted(column)}`).join(', ')})`;
  // equal rows of a key get the same numbers in every extract, as they are told apart by content only
  const own = table.keyed ? '' : `md5(row(${list})::text) as ${quoted(ROW_COLUMN)}, `;
  const names = table.key.map(quoted).join(', ');
  await client.query(
    `create temp table newest on commit drop as select ${own}${list}, 1 as ${COPY_COLUMN} from incoming`,
  );
  await client.query(`create index on newest (${key.map(quoted).join(', ')})`);
  await client.query('analyze newest');
  await client.query(
    `update newest n set ${COPY_COLUMN} = d.place from (
       select r.ctid, row_number() over (partition by ${names} order by row(${list})::text collate "C") as place
       from newest r join (select ${names} from newest group by ${names} having count(*) > 1) m using (${names})) d
     where d.ctid = n.ctid and d.place > 1`,
  );
  const counted = await client.query<{ rows: string; repeated: string }>(
    `select count(*) as rows, count(*) filter (where ${COPY_COLUMN} > 1) as repeated from newest`,
  );
  const gone = `not exists (select from newest n where ${same})`;
  const kept = unsure ? await countRows(client, `select count(*) as n from ${target} t where ${gone}`) : 0;
  const deleted = unsure ? 0 : ((await client.query(`delete from ${target} t where ${gone}`)).rowCount ?? 0);
  const updated =
    values.length === 0
      ? 0
      : ((
          await client.query(
            `update ${target} t set ${values.map((column) => `${quoted(column)} = n.${quoted(column)}`).join(', ')}
             from newest n where ${same} and row${rowOf('t')} is distinct from row${rowOf('n')}`,
          )
        ).rowCount ?? 0);
  const all = [...(table.keyed ? [] : [ROW_COLUMN]), ...table.columns, COPY_COLUMN].map(quoted);
  const inserted =
    (
      await client.query(
        `insert into ${target} (${all.join(', ')}) select ${all.map((column) => `n.${column}`).join(', ')} from newest n
         where not exists (select from ${target} t where ${same})`,
      )
    ).rowCount ?? 0;
  const rows = Number(counted.rows[0]?.rows ?? 0);
  const repeated = Number(counted.rows[0]?.repeated ?? 0);
  return { repeated, inserted, updated, deleted, unchanged: rows - inserted - updated, kept };
}

const countRows = async (client: pg.Client, text: string): Promise<number> =>
  Number((await client.query<{ n: string }>(text)).rows[0]?.n ?? 0);
