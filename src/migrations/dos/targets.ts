import type { Document, DynamoDbTarget, JsonObject } from '../../core/index.ts';
import { AUDIT } from './documents/audit.ts';
import { ENTITIES } from './state/state.ts';

const target = (
  table: string,
  key: readonly string[],
  more: Partial<Pick<DynamoDbTarget, 'indexes' | 'stamps' | 'stream' | 'mode'>> = {},
): DynamoDbTarget => ({
  kind: 'dynamodb',
  name: `dynamodb.${table}`,
  table,
  key,
  indexes: {},
  mode: 'state',
  ...more,
});

/** The tables and their indexes, as the applications that read them know them. */
export const TABLE_TARGETS = {
  organisation: target('organisation', ['id', 'field'], {
    indexes: { OdsCodeValueIndex: ['identifier_ODS_ODSCode'] },
    stamps: AUDIT,
    stream: true,
  }),
  location: target('location', ['id', 'field'], {
    indexes: { ManagingOrganisationIndex: ['managingOrganisation'] },
    stamps: AUDIT,
    stream: true,
  }),
  healthcareService: target('healthcare-service', ['id', 'field'], {
    indexes: { LocationIndex: ['location'], ProvidedByIndex: ['providedBy'] },
    stamps: AUDIT,
    stream: true,
  }),
  triageCode: target('triage-code', ['id', 'field'], {
    indexes: { CodeTypeIndex: ['codeType', 'id'] },
    stamps: AUDIT,
  }),
  state: target('data-migration-state', ['source_record_id'], {
    stamps: [
      'version',
      'validation_issues',
      ...ENTITIES.flatMap(({ state }) => AUDIT.map((name) => `${state}.${name}`)),
    ],
  }),
  versionHistory: target('version-history', ['entity_id', 'timestamp'], { mode: 'append' }),
} as const;

/** A table's whole name. Tables of the migration itself are not among those of the database. */
export function tableName(table: string, environment: string, workspace?: string): string {
  const place = table.startsWith('data-migration-') ? '' : 'database-';
  return `ftrs-dos-${environment}-${place}${table}${workspace === undefined ? '' : `-${workspace}`}`;
}

interface Item {
  /** all of the item but its audit fields */
  readonly content: JsonObject;
  readonly basis: JsonObject;
  readonly stamps: JsonObject;
  readonly orderKey: string;
}

/** An item as a document: its id is its key. */
export function itemDocument({ name, key }: DynamoDbTarget, item: Item): Document {
  const values = key.map((attribute) => item.content[attribute] ?? null);
  return { target: name, id: values.length === 1 ? String(values[0]) : JSON.stringify(values), ...item };
}
