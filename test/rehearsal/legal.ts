import { readFileSync } from 'node:fs';

/** What the source schema says of one column, as far as a row by itself can break it. */
export interface Column {
  readonly name: string;
  readonly type: string;
  readonly notNull: boolean;
  readonly unique: boolean;
  readonly references: string | null;
  readonly oneOf: readonly string[] | null;
  readonly notNegative: boolean;
}

const SQL = readFileSync(new URL('../../src/rehearsal/supabase/source.sql', import.meta.url), 'utf8');

function columnOf(text: string): Column {
  const [, name = '', type = ''] = /^(\w+)\s+([\w[\](),]+)/.exec(text) ?? [];
  const list = /check \(\w+ in \(([^)]*)\)\)/.exec(text);
  const references = /\breferences ([\w.]+)/.exec(text);
  return {
    name,
    type,
    notNull: /not null|primary key/.test(text),
    unique: /unique|primary key/.test(text),
    references: references?.[1] ?? null,
    oneOf: list ? [...(list[1] ?? '').matchAll(/'([^']*)'/g)].map((match) => match[1] ?? '') : null,
    notNegative: /check \(\w+ >= 0\)/.test(text),
  };
}

/** The tables of source.sql with their columns, read from the file itself. */
export function sourceTables(): ReadonlyMap<string, readonly Column[]> {
  const tables = new Map<string, readonly Column[]>();
  const plain = SQL.replace(/--.*$/gm, '');
  for (const [, table = '', body = ''] of plain.matchAll(/create table if not exists ([\w.]+) \((.*?)\n\);/gs)) {
    // a column begins on a line of its own, two blanks in; what is further in belongs to the column above
    const entries = body.split(/,\s*\n(?= {2}\w)/).map((entry) => entry.replace(/\s+/g, ' ').trim());
    tables.set(table, entries.filter((entry) => !entry.startsWith('constraint')).map(columnOf));
  }
  return tables;
}

const realDay = (text: string): boolean =>
  /^\d{4}-\d\d-\d\d$/.test(text) && new Date(`${text}T00:00:00Z`).toISOString().startsWith(text);

const TYPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  uuid: (v) => typeof v === 'string' && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(v),
  // PostgreSQL text takes anything but NUL and halves of surrogate pairs
  text: (v) => typeof v === 'string' && !v.includes('\0') && !/\p{Surrogate}/u.test(v),
  'text[]': (v) => Array.isArray(v) && v.every((item) => typeof item === 'string' && !item.includes('\0')),
  boolean: (v) => typeof v === 'boolean',
  integer: (v) => Number.isInteger(v) && Math.abs(v as number) < 2 ** 31,
  date: (v) => typeof v === 'string' && realDay(v),
  timestamptz: (v) => typeof v === 'string' && /^\d{4}-.*T.*\.\d{3}(\d{3})?Z$/.test(v) && !Number.isNaN(Date.parse(v)),
  jsonb: (v) => !JSON.stringify(v).includes('\\u0000'),
};

function fits(type: string, value: unknown): boolean {
  const decimal = /^numeric\((\d+),(\d+)\)$/.exec(type);
  if (decimal === null) return TYPES[type]?.(value) ?? false;
  const [precision, scale] = [Number(decimal[1]), Number(decimal[2])];
  const match = typeof value === 'string' ? /^-?(\d+)(?:\.(\d+))?$/.exec(value) : null;
  return match !== null && (match[1] ?? '').length <= precision - scale && (match[2] ?? '').length <= scale;
}

/** What is wrong with a row, in words; empty when the database would take it. */
export function complaints(columns: readonly Column[], row: Readonly<Record<string, unknown>>): string[] {
  const wrong: string[] = [];
  const names = columns.map((column) => column.name);
  for (const name of Object.keys(row)) if (!names.includes(name)) wrong.push(`no column ${name}`);
  for (const column of columns) {
    const value = row[column.name];
    if (value === undefined) wrong.push(`${column.name} is left out`);
    else if (value === null) {
      if (column.notNull) wrong.push(`${column.name} is null`);
    } else if (!fits(column.type, value)) wrong.push(`${column.name} is no ${column.type}: ${JSON.stringify(value)}`);
    else if (column.oneOf && !column.oneOf.includes(value as string)) wrong.push(`${column.name} is ${String(value)}`);
    else if (column.notNegative && Number(value) < 0) wrong.push(`${column.name} is below zero`);
  }
  return wrong;
}
