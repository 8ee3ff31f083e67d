import { type Joint, type Part, SluiceError } from '../../../core/index.ts';
import { STAGING_SCHEMA } from '../staging/tables.ts';
import type { Lookup } from './lookups.ts';
import { columnLink, MERGED_FROM, MERGED_INTO, PATIENT, ROW } from './tables.ts';

/** How many numbers one after the other a person may have had. */
export const MERGE_DEPTH = 8;

export const mergedInto = (step: number): string => `merged_into_${step}`;
export const mergedFrom = (step: number): string => `merged_from_${step}`;
const partOf = (table: string): string => `rows_${table.toLowerCase()}`;
const lookupPart = ({ table, column }: Pick<Lookup, 'table' | 'column'>): string =>
  `codes_${table.toLowerCase()}_${column.toLowerCase()}`;

/** Parts of an aggregate, and the table whose rows each holds. */
export interface NamedParts {
  readonly parts: readonly Part[];
  readonly tableOf: ReadonlyMap<string, string>;
}

const ROOT: Joint = { part: 'root', link: 'key' };
const staged = (table: string): string => `${STAGING_SCHEMA}.${table.toLowerCase()}`;

/**
 * A patient: the rows under the number, under each number that was merged into it, and the codes those name. That a row
 * of an old number has changed is told to the patient it belongs to now by the root of the old number.
 */
export function patientParts(
  patientTables: readonly string[],
  lookups: readonly Lookup[],
  mergeTable: string,
): NamedParts {
  const table = staged(mergeTable);
  const chain = (name: (step: number) => string, link: string, next: string, quiet: boolean): Part[] =>
    Array.from({ length: MERGE_DEPTH }, (_, i) => ({
      name: name(i + 1),
      table,
      link,
      from: i === 0 ? ROOT : { part: name(i), link: next, ...(quiet ? { quiet } : {}) },
    }));
  const before = chain(mergedFrom, MERGED_INTO, MERGED_FROM, true);
  const after = chain(mergedInto, MERGED_FROM, MERGED_INTO, false);
  const also: Joint[] = before.map(({ name }) => ({ part: name, link: MERGED_FROM, quiet: true }));
  const own = patientTables.map(
    (name): Part => ({
      name: partOf(name),
      table: staged(name),
      link: PATIENT,
      from: ROOT,
      also,
    }),
  );
  return withCodes([...before, ...after, ...own], patientTables, lookups);
}

/** A row of a table without a patient, with those of the same key, and the codes it names. */
export function referenceParts(drivers: readonly string[], lookups: readonly Lookup[]): NamedParts {
  const own = drivers.map((name): Part => ({ name: partOf(name), table: staged(name), link: ROW, from: ROOT }));
  return withCodes(own, drivers, lookups);
}

function withCodes(first: readonly Part[], tables: readonly string[], lookups: readonly Lookup[]): NamedParts {
  const tableOf = new Map(tables.map((table) => [partOf(table), table]));
  const parts = [...first];
  const wanted = new Map<string, Lookup[]>();
  for (const lookup of lookups) wanted.set(lookupPart(lookup), [...(wanted.get(lookupPart(lookup)) ?? []), lookup]);
  while (wanted.size > 0) {
    // a part comes after those it hangs from
    const ready = [...wanted].find(([, list]) =>
      list.every(({ fromTable }) => [...wanted.values()].every(([other]) => other?.table !== fromTable)),
    );
    if (!ready)
      throw new SluiceError('CONFIG_INVALID', `codes are looked up in a ring: ${[...wanted.keys()].join(', ')}`);
    const [name, list] = ready;
    wanted.delete(name);
    const [one] = list;
    const joints = list.flatMap(({ fromTable, fromColumn }): Joint[] =>
      [...tableOf].filter(([, table]) => table === fromTable).map(([part]) => ({ part, link: columnLink(fromColumn) })),
    );
    const [from, ...also] = joints;
    if (!one || !from) continue;
    parts.push({ name, table: staged(one.table), link: columnLink(one.column), from, also });
    tableOf.set(name, one.table);
  }
  return { parts, tableOf };
}
