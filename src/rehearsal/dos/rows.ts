/** The tables of the source in an order in which a row comes after those it refers to. */
export const TABLE_NAMES = [
  'servicetypes',
  'servicestatuses',
  'openingtimedays',
  'dispositions',
  'dispositiongroups',
  'dispositiongroupdispositions',
  'symptomgroups',
  'symptomdiscriminators',
  'symptomdiscriminatorsynonyms',
  'symptomgroupsymptomdiscriminators',
  'organisations',
  'services',
  'serviceendpoints',
  'servicedayopenings',
  'servicedayopeningtimes',
  'servicespecifiedopeningdates',
  'servicespecifiedopeningtimes',
  'servicesgsds',
  'servicedispositions',
  'serviceagerange',
] as const;

export type TableName = (typeof TABLE_NAMES)[number];
export type Row = Readonly<Record<string, string | number | boolean | null>>;
export type RowSet = Partial<Record<TableName, readonly Row[]>>;

export const SCHEMA = 'pathwaysdos';

/** Traffic's ids begin here, far above those a seed gives. */
export const FIRST_OF_TRAFFIC = 1_000_000_000;
