import { createHash } from 'node:crypto';
import { copyOf, factsOf, type Image, type Migration, movesOf, type SourceTable } from '../../core/index.ts';
import { ident, type Queryable } from './sql.ts';

/** How one landed table is stored: its SQL name and its link columns. */
export interface LandedTable {
  readonly name: string;
  readonly sql: string;
  /** tells its statements apart from those of other tables */
  readonly digest: string;
  readonly links: readonly string[];
  readonly unindexed: readonly string[];
  readonly linksOf: (image: Image) => Readonly<Record<string, string | null>>;
}

export const linkColumn = (link: string): string => ident(`l_${link}`);

/** PostgreSQL cuts names at 63 bytes without a word; longer ones end in a piece of their hash. */
function tableName(pipeline: string, source: string): string {
  const plain = `landed__${pipeline}__${source}`.replace(/[^A-Za-z0-9_]+/g, '__');
  if (plain.length <= 63) return plain;
  const digest = createHash('sha256').update(plain).digest('hex').slice(0, 10);
  return `${plain.slice(0, 52)}_${digest}`;
}

const digestOf = (pipeline: string, source: string): string =>
  createHash('sha256').update(`${pipeline}/${source}`).digest('hex').slice(0, 12);

function fromDeclaration(pipeline: string, table: SourceTable): LandedTable {
  const links = Object.keys(table.links);
  return {
    name: table.name,
    sql: `sluice.${ident(tableName(pipeline, table.name))}`,
    digest: digestOf(pipeline, table.name),
    links,
    unindexed: table.unindexed ?? [],
    linksOf: (image) => Object.fromEntries(links.map((link) => [link, table.links[link]?.(image) ?? null])),
  };
}

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);

function forMoves(pipeline: string, table: SourceTable, link: string): LandedTable {
  const name = movesOf(table.name, link);
  return {
    name,
    sql: `sluice.${ident(tableName(pipeline, name))}`,
    digest: digestOf(pipeline, name),
    links: ['from', 'to', 'row'],
    unindexed: [],
    linksOf: (image) => ({ from: text(image.from), to: text(image.to), row: text(image.row) }),
  };
}

/** Under the migration's name, not the pipeline's: what was found out holds for every run. */
function forFacts(migration: string, table: SourceTable, fact: string): LandedTable {
  const name = factsOf(table.name, fact);
  return {
    name,
    sql: `sluice.${ident(tableName(migration, name))}`,
    digest: digestOf(migration, name),
    links: [],
    unindexed: [],
    linksOf: () => ({}),
  };
}

/** All landed tables of a pipeline by name, moves of links and facts among them; not those that are copied. */
export function landedTables(pipeline: string, migration: Migration): ReadonlyMap<string, LandedTable> {
  const tables: LandedTable[] = [];
  for (const table of migration.tables) {
    if (copyOf(migration, table.name)) continue;
    tables.push(fromDeclaration(pipeline, table));
    for (const link of table.remember ?? []) tables.push(forMoves(pipeline, table, link));
    for (const fact of table.facts ?? []) tables.push(forFacts(migration.name, table, fact));
  }
  return new Map(tables.map((table) => [table.name, table]));
}

/** Makes the landed tables and the indexes their links need. May be run again at any time. */
export async function createLandedTables(db: Queryable, tables: Iterable<LandedTable>): Promise<void> {
  for (const table of tables) {
    await db.query(`create table if not exists ${table.sql} (
      key text primary key, image text not null, deleted boolean not null default false,
      epoch integer not null, phase smallint not null, a bigint not null, b bigint not null, tx_id bigint,
      kafka_offset bigint not null, source_time text not null)
      with (fillfactor = 80)`);
    await imagesAsText(db, table);
    for (const link of table.links) {
      await db.query(`alter table ${table.sql} add column if not exists ${linkColumn(link)} text`);
      if (table.unindexed.includes(link)) continue;
      const digest = createHash('sha256').update(`${table.sql}.${link}`).digest('hex').slice(0, 12);
      const index = ident(`landed_${link}_${digest}`.slice(-60));
      await db.query(
        `create index if not exists ${index} on ${table.sql} (${linkColumn(link)}) where ${linkColumn(link)} is not null`,
      );
    }
  }
}

/** Images were of type json once, which the server parses at each write although nobody asks it about them. */
async function imagesAsText(db: Queryable, table: LandedTable): Promise<void> {
  const found = await db.query(
    `select from pg_attribute where attrelid = $1::regclass and attname = 'image' and atttypid = 'json'::regtype`,
    [table.sql],
  );
  if (found.rowCount === 0) return;
  await db.query(`alter table ${table.sql} alter column image type text using image::text`);
}

export async function dropLandedTables(db: Queryable, tables: Iterable<LandedTable>): Promise<void> {
  for (const table of tables) await db.query(`drop table if exists ${table.sql}`);
}
