import type { Image } from '../../core/index.ts';
import { CHILDREN, LINKS, PARENT_TYPES, ROW_COLUMNS, SCHEMA, type SourceRows } from '../../migrations/dos/index.ts';
import type { ReadRows, RowsWanted, SourceReader } from '../../source/index.ts';
import { TRIAGE_TABLES } from './triage.ts';

/** Some services and all rows they are made from. */
export interface ServiceRows {
  readonly ids: readonly number[];
  readonly rows: SourceRows;
}

/** How the rows of the Directory of Services are read from its database, each page as it is at one moment. */
export interface DosSource {
  /** the services after an id, in the order of ids; none at the end */
  page(after: number, limit: number): Promise<ServiceRows>;
  /** these services, whether there are such or not */
  services(ids: readonly number[]): Promise<ServiceRows>;
  triage(): Promise<SourceRows>;
  /** id, type and status of the services after an id */
  kinds(after: number, limit: number): Promise<readonly Image[]>;
  /** how many services are after an id */
  count(after: number): Promise<number>;
}

/** Columns of a table by which its rows are found from others. */
const EXTRA: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  CHILDREN.map(({ table, by }) => [table, table === 'servicedayopenings' ? [by, 'dayid'] : [by]]),
);

const columnsOf = (table: string): readonly string[] => [
  ...new Set([...(ROW_COLUMNS[table] ?? ['id']), ...(EXTRA[table] ?? []), ...(LINK_COLUMNS[table] ?? [])]),
];

const LINK_COLUMNS: Readonly<Record<string, readonly string[]>> = {
  symptomdiscriminatorsynonyms: ['symptomdiscriminatorid'],
  symptomgroupsymptomdiscriminators: ['symptomgroupid', 'symptomdiscriminatorid'],
};

const ask = (read: ReadRows, table: string, rows: RowsWanted, only: Readonly<Record<string, readonly number[]>> = {}) =>
  read({ table: `${SCHEMA}.${table}`, columns: columnsOf(table), rows, only });

export function readDosSource(reader: SourceReader): DosSource {
  return {
    page: (after, limit) =>
      reader.moment(async (read) => {
        const services = await ask(read, 'services', { after, limit });
        return { ids: services.map(({ id }) => Number(id)), rows: await whole(read, services) };
      }),
    services: (ids) =>
      reader.moment(async (read) => ({
        ids,
        rows: await whole(read, await ask(read, 'services', { by: 'id', values: [...new Set(ids)] })),
      })),
    triage: () =>
      reader.moment(async (read) => {
        const tables: Record<string, readonly Image[]> = {};
        for (const name of TRIAGE_TABLES) {
          const table = name.slice(SCHEMA.length + 1);
          tables[table] = await ask(read, table, 'all');
        }
        return tables;
      }),
    kinds: (after, limit) =>
      reader.moment((read) =>
        read({ table: `${SCHEMA}.services`, columns: ['id', 'typeid', 'statusid'], rows: { after, limit } }),
      ),
    count: (after) => reader.moment((_read, count) => count(`${SCHEMA}.services`, after)),
  };
}

/** Some services with their pharmacies, and everything that belongs to either. */
async function whole(read: ReadRows, services: readonly Image[]): Promise<SourceRows> {
  const codes = [...new Set(services.flatMap((row) => LINKS.parentCode(row) ?? []))];
  const known = new Set(services.map(({ id }) => id));
  const parents = await ask(
    read,
    'services',
    { by: 'odscode', values: codes },
    { typeid: PARENT_TYPES, statusid: [1] },
  );
  const all = [...services, ...parents.filter(({ id }) => !known.has(id))];
  const tables: Record<string, readonly Image[]> = { services: all };
  const idsOf = (rows: readonly Image[] | undefined, column = 'id'): readonly number[] => [
    ...new Set((rows ?? []).flatMap((row) => (typeof row[column] === 'number' ? [row[column]] : []))),
  ];
  for (const { table, by, of } of CHILDREN) {
    const parent = CHILDREN.find(({ part }) => part === of)?.table ?? 'services';
    tables[table] = await ask(read, table, { by, values: idsOf(tables[parent]) });
  }
  const days = idsOf(tables.servicedayopenings, 'dayid');
  tables.openingtimedays = await ask(read, 'openingtimedays', { by: 'id', values: days });
  const dispositions = idsOf(tables.servicedispositions, 'dispositionid');
  tables.dispositions = await ask(read, 'dispositions', { by: 'id', values: dispositions });
  return tables;
}
