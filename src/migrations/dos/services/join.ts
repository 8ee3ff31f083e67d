import type { Aggregate, Image, LandedRow } from '../../../core/index.ts';
import { SCHEMA, TABLES } from '../tables.ts';
import { type SourceService, sourceService } from './source.ts';

/** Rows of the source as they are at one moment, by table without its schema. */
export type SourceRows = Readonly<Record<string, readonly Image[]>>;

/** A service with all that belongs to it; null: there is no such row. Throws ROW_INVALID. */
export type FindService = (id: number) => SourceService | null;

const SERVICES = 'services';

/** Tables of services, as `SourceRows` names them; the column by which rows are found from others, and from which. */
export const CHILDREN = [
  { part: 'endpoints', table: 'serviceendpoints', by: 'serviceid', of: null },
  { part: 'dayOpenings', table: 'servicedayopenings', by: 'serviceid', of: null },
  { part: 'dayTimes', table: 'servicedayopeningtimes', by: 'servicedayopeningid', of: 'dayOpenings' },
  { part: 'specifiedDates', table: 'servicespecifiedopeningdates', by: 'serviceid', of: null },
  {
    part: 'specifiedTimes',
    table: 'servicespecifiedopeningtimes',
    by: 'servicespecifiedopeningdateid',
    of: 'specifiedDates',
  },
  { part: 'sgsds', table: 'servicesgsds', by: 'serviceid', of: null },
  { part: 'serviceDispositions', table: 'servicedispositions', by: 'serviceid', of: null },
  { part: 'ages', table: 'serviceagerange', by: 'serviceid', of: null },
] as const;

/** Joined to the service as the flow `services` joins its parts, without what only the stream asks for. */
export function joinServices(rows: SourceRows): FindService {
  const services = new Map((rows[SERVICES] ?? []).map((image) => [image.id, landed(SERVICES, image)]));
  const children = CHILDREN.map((child) => ({
    ...child,
    rows: grouped(rows[child.table] ?? [], child.table, child.by),
  }));
  const days = byId(rows, 'openingtimedays');
  const dispositions = byId(rows, 'dispositions');
  const pharmacies = grouped(rows[SERVICES] ?? [], SERVICES, LINKS.pharmacyCode);
  return (id) => {
    const root = services.get(id);
    if (root === undefined) return null;
    const parts: Record<string, readonly LandedRow[]> = {};
    for (const { part, of, rows: found } of children)
      parts[part] =
        of === null ? (found.get(id) ?? []) : (parts[of] ?? []).flatMap((row) => found.get(row.image.id) ?? []);
    parts.days = found(days, parts.dayOpenings, 'dayid');
    parts.dispositions = found(dispositions, parts.serviceDispositions, 'dispositionid');
    const code = LINKS.parentCode(root.image);
    parts.parents = code === null ? [] : (pharmacies.get(code) ?? []);
    const aggregate: Aggregate = { key: String(id), root, parts };
    return sourceService(aggregate);
  };
}

/** The code of the pharmacy a row of `services` is linked to, and the code by which others are linked to it. */
export const LINKS = {
  parentCode: linkOf('parentCode'),
  pharmacyCode: linkOf('pharmacyCode'),
};

function linkOf(name: string): (image: Image) => string | null {
  const link = TABLES.find((table) => table.name === `${SCHEMA}.${SERVICES}`)?.links[name];
  return link ?? (() => null);
}

const landed = (table: string, image: Image): LandedRow => ({
  table: `${SCHEMA}.${table}`,
  key: String(image.id),
  image,
  deleted: false,
  sourceTime: '',
  lsn: '0',
});

function byId(rows: SourceRows, table: string): ReadonlyMap<unknown, LandedRow> {
  return new Map((rows[table] ?? []).map((image) => [image.id, landed(table, image)]));
}

function grouped(
  images: readonly Image[],
  table: string,
  by: string | ((image: Image) => string | null),
): ReadonlyMap<unknown, readonly LandedRow[]> {
  const groups = new Map<unknown, LandedRow[]>();
  for (const image of images) {
    const value = typeof by === 'string' ? image[by] : by(image);
    if (value === null || value === undefined) continue;
    const group = groups.get(value);
    if (group) group.push(landed(table, image));
    else groups.set(value, [landed(table, image)]);
  }
  return groups;
}

/** The rows that some others name, once each. */
function found(
  known: ReadonlyMap<unknown, LandedRow>,
  rows: readonly LandedRow[] | undefined,
  column: string,
): readonly LandedRow[] {
  return [...new Set((rows ?? []).map(({ image }) => image[column]))].flatMap((id) => known.get(id) ?? []);
}
