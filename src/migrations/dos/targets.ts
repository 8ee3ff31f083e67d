import type { Document, DynamoDbTarget, JsonObject } from '../../core/index.ts';

const target = (
  table: string,
  key: readonly string[],
  indexes: DynamoDbTarget['indexes'] = {},
  mode: DynamoDbTarget['mode'] = 'state',
): DynamoDbTarget => ({ kind: 'dynamodb', name: `dynamodb.${table}`, table, key, indexes, mode });

/** The tables and their indexes, as the applications that read them know them. */
export const TABLE_TARGETS = {
  organisation: target('organisation', ['id', 'field'], { OdsCodeValueIndex: ['identifier_ODS_ODSCode'] }),
  location: target('location', ['id', 'field'], { ManagingOrganisationIndex: ['managingOrganisation'] }),
  healthcareService: target('healthcare-service', ['id', 'field'], {
    LocationIndex: ['location'],
    ProvidedByIndex: ['providedBy'],
  }),
  triageCode: target('triage-code', ['id', 'field'], { CodeTypeIndex: ['codeType', 'id'] }),
  state: target('data-migration-state', ['source_record_id']),
  versionHistory: target('version-history', ['entity_id', 'timestamp'], {}, 'append'),
} as const;

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
