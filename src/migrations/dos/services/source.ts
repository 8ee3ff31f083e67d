import type { Aggregate } from '../../../core/index.ts';
import { readRow } from '../columns.ts';
import { ROWS, type RowOf, type RowsTable, type ServiceRow } from '../rows.ts';

/** A service with all that belongs to it, typed. Lists are in the order of their rows' ids. */
export interface SourceService {
  readonly row: ServiceRow;
  readonly endpoints: readonly RowOf<'serviceendpoints'>[];
  readonly dayOpenings: readonly RowOf<'servicedayopenings'>[];
  readonly dayTimes: readonly RowOf<'servicedayopeningtimes'>[];
  readonly days: readonly RowOf<'openingtimedays'>[];
  readonly specifiedDates: readonly RowOf<'servicespecifiedopeningdates'>[];
  readonly specifiedTimes: readonly RowOf<'servicespecifiedopeningtimes'>[];
  readonly sgsds: readonly RowOf<'servicesgsds'>[];
  readonly serviceDispositions: readonly RowOf<'servicedispositions'>[];
  readonly dispositions: readonly RowOf<'dispositions'>[];
  readonly ages: readonly RowOf<'serviceagerange'>[];
  /** services a linked pharmacy may have as its parent: active, lowest id first */
  readonly parents: readonly ServiceRow[];
  /** linked pharmacies that name this one */
  readonly children: readonly ServiceRow[];
  /** active pharmacies of the same code, this one included, lowest id first */
  readonly siblings: readonly ServiceRow[];
}

/** The living rows of a part, typed, by id. */
export function rowsOf<T extends RowsTable>(aggregate: Aggregate, part: string, table: T): readonly RowOf<T>[] {
  return (aggregate.parts[part] ?? [])
    .filter((landed) => !landed.deleted)
    .map((landed) => readRow(table, ROWS[table], landed.image) as unknown as RowOf<T>)
    .sort((x, y) => x.id - y.id);
}

const isActive = ({ statusid }: ServiceRow): boolean => statusid === 1;

export function sourceService(aggregate: Aggregate): SourceService | null {
  if (aggregate.root === null) return null;
  const row = readRow('services', ROWS.services, aggregate.root.image);
  return {
    // who knew the service still has to learn that it is closed
    row: aggregate.root.deleted ? { ...row, statusid: null } : row,
    endpoints: rowsOf(aggregate, 'endpoints', 'serviceendpoints'),
    dayOpenings: rowsOf(aggregate, 'dayOpenings', 'servicedayopenings'),
    dayTimes: rowsOf(aggregate, 'dayTimes', 'servicedayopeningtimes'),
    days: rowsOf(aggregate, 'days', 'openingtimedays'),
    specifiedDates: rowsOf(aggregate, 'specifiedDates', 'servicespecifiedopeningdates'),
    specifiedTimes: rowsOf(aggregate, 'specifiedTimes', 'servicespecifiedopeningtimes'),
    sgsds: rowsOf(aggregate, 'sgsds', 'servicesgsds'),
    serviceDispositions: rowsOf(aggregate, 'serviceDispositions', 'servicedispositions'),
    dispositions: rowsOf(aggregate, 'dispositions', 'dispositions'),
    ages: rowsOf(aggregate, 'ages', 'serviceagerange'),
    parents: rowsOf(aggregate, 'parents', 'services').filter(isActive),
    children: rowsOf(aggregate, 'children', 'services'),
    siblings: rowsOf(aggregate, 'siblings', 'services').filter(isActive),
  };
}
