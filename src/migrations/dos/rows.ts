import { date, double, flag, int, optional, type Row, text, time } from './columns.ts';

/** The columns the rules read of each source table, as PostgreSQL declares them. */
export const ROWS = {
  services: {
    id: int,
    uid: text,
    name: text,
    odscode: optional(text),
    typeid: optional(int),
    statusid: optional(int),
    address: optional(text),
    town: optional(text),
    postcode: optional(text),
    publicphone: optional(text),
    nonpublicphone: optional(text),
    email: optional(text),
    web: optional(text),
    publicname: optional(text),
    latitude: optional(double),
    longitude: optional(double),
  },
  serviceendpoints: {
    id: int,
    endpointorder: optional(int),
    transport: optional(text),
    format: optional(text),
    interaction: optional(text),
    businessscenario: optional(text),
    address: optional(text),
    comment: optional(text),
    iscompressionenabled: optional(text),
  },
  servicedayopenings: { id: int, dayid: optional(int) },
  servicedayopeningtimes: { id: int, starttime: time, endtime: time, servicedayopeningid: optional(int) },
  servicespecifiedopeningdates: { id: int, date },
  servicespecifiedopeningtimes: {
    id: int,
    starttime: time,
    endtime: time,
    isclosed: flag,
    servicespecifiedopeningdateid: optional(int),
  },
  openingtimedays: { id: int, name: text },
  servicesgsds: { id: int, sgid: int, sdid: int },
  servicedispositions: { id: int, dispositionid: int },
  serviceagerange: { id: int, daysfrom: double, daysto: double },
  dispositions: { id: int, name: text, dxcode: optional(text), dispositiontime: optional(int) },
  symptomgroups: { id: int, name: text, zcodeexists: optional(flag) },
  symptomdiscriminators: { id: int, description: optional(text) },
  symptomdiscriminatorsynonyms: { id: int, name: text },
  symptomgroupsymptomdiscriminators: { id: int, symptomdiscriminatorid: int },
} as const;

export type RowsTable = keyof typeof ROWS;
export type RowOf<T extends RowsTable> = Row<(typeof ROWS)[T]>;
export type ServiceRow = RowOf<'services'>;

/** The columns the rules read of a row by themselves; joins need some more. */
export const ROW_COLUMNS: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  Object.entries(ROWS).map(([table, columns]) => [table, Object.keys(columns)]),
);
