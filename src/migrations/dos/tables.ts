import type { Image, Part, SourceTable } from '../../core/index.ts';
import { readRow } from './columns.ts';
import { DEFAULTS } from './config.ts';
import { ROWS, type ServiceRow } from './rows.ts';
import { chooseTransformer } from './transformers/choose.ts';
import { isPharmacy } from './transformers/pharmacy/transformer.ts';

export const SCHEMA = 'pathwaysdos';

type Link = (image: Image) => string | null;

/** @param links by the column that refers to another row, or by what finds the key */
const table = (
  name: string,
  links: Readonly<Record<string, string | Link>> = {},
  more: Partial<SourceTable> = {},
): SourceTable => ({
  name: `${SCHEMA}.${name}`,
  key: ['id'],
  links: Object.fromEntries(
    Object.entries(links).map(([link, by]) => [link, typeof by === 'string' ? reference(by) : by]),
  ),
  reads: [
    ...Object.keys((ROWS as Readonly<Record<string, object>>)[name] ?? {}),
    ...Object.values(links).filter((by) => typeof by === 'string'),
  ],
  ...more,
});

/** A part of an aggregate, joined to the root's key, or to a link of another part. */
export const part = (
  name: string,
  source: string,
  link: string,
  from: Part['from'] = { part: 'root', link: 'key' },
): Part => ({ name, table: `${SCHEMA}.${source}`, link, from });

const reference =
  (column: string): Link =>
  (image) => {
    const value = image[column];
    return Number.isInteger(value) ? String(value) : null;
  };

/** Reads a service's own columns for a link: a row that does not fit has none. */
const ofService =
  (link: (row: ServiceRow) => string | null): Link =>
  (image) => {
    try {
      return link(readRow('services', ROWS.services, image));
    } catch {
      return null;
    }
  };

/** Which transformer takes a service is told by its own row, whatever a deployment has switched off today. */
const parentCode = (row: ServiceRow): string | null =>
  chooseTransformer(row, DEFAULTS).transformer?.parentCode?.(row) ?? null;

const pharmacyCode = (row: ServiceRow): string | null => (isPharmacy(row) ? row.odscode : null);

export const ADMITTED = 'admitted';

/** Would a service with this row be moved for the first time? Its moves tell for ever that it once was. */
function admission(row: ServiceRow): string {
  const { transformer } = chooseTransformer(row, DEFAULTS);
  return transformer !== null && transformer.exclusion(row, false) === null ? ADMITTED : 'passed over';
}

/** What dispositions of one code have in common; one without a code is by itself. */
function dispositionCode(image: Image): string | null {
  const { id, dxcode } = image;
  if (typeof dxcode === 'string' && dxcode !== '') return `${CODED}${dxcode}`;
  return Number.isInteger(id) ? `row:${id}` : null;
}

export const CODED = 'code:';

/** As told by the row itself: what a deleted row says of its last image. */
export const admissionOf = ofService(admission);

/** The source tables and their join keys. */
export const TABLES: readonly SourceTable[] = [
  table(
    'services',
    {
      parentCode: ofService(parentCode),
      pharmacyCode: ofService(pharmacyCode),
      admission: admissionOf,
    },
    { remember: ['admission'] },
  ),
  table('serviceendpoints', { service: 'serviceid' }),
  table('servicedayopenings', { service: 'serviceid', day: 'dayid' }),
  table('servicedayopeningtimes', { opening: 'servicedayopeningid' }),
  table('servicespecifiedopeningdates', { service: 'serviceid' }),
  table('servicespecifiedopeningtimes', { date: 'servicespecifiedopeningdateid' }),
  table('openingtimedays'),
  table('servicesgsds', { service: 'serviceid' }),
  table('servicedispositions', { service: 'serviceid', disposition: 'dispositionid' }),
  table('serviceagerange', { service: 'serviceid' }),
  table('dispositions', { code: dispositionCode }),
  table('symptomgroups'),
  table('symptomdiscriminators'),
  table('symptomdiscriminatorsynonyms', { discriminator: 'symptomdiscriminatorid' }),
  table('symptomgroupsymptomdiscriminators', {
    group: 'symptomgroupid',
    discriminator: 'symptomdiscriminatorid',
  }),
  // no rule reads these; they are landed, so that one that does finds its rows there
  ...['servicetypes', 'servicestatuses', 'organisations', 'dispositiongroups', 'dispositiongroupdispositions'].map(
    (name) => table(name),
  ),
];
