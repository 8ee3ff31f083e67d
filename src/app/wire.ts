import type { Log, Meter, Migration, Sink, SluiceError, SourceTable } from '../core/index.ts';
import { topicOf } from '../core/index.ts';
import type { Decoder, LogClient } from '../pipeline/index.ts';
import { createFhirSink } from '../sinks/fhir/index.ts';
import {
  AvroSchemas,
  decodeKey,
  decodeRecord,
  FetchClient,
  KafkajsClient,
  RowReader,
  type TopicTable,
} from '../source/index.ts';
import { systemClock } from './clock.ts';
import type { Config } from './config.ts';
import { openDynamoDb } from './dynamodb.ts';
import type { OpenPipeline } from './pipeline.ts';
import { HEARTBEAT_TABLE } from './readings.ts';

export interface OpenSource {
  readonly client: LogClient;
  readonly decoder: Decoder;
}

/** Decodes the raw topics of a migration, the connector's heartbeat included. */
export function openDecoder(config: Pick<Config, 'registry' | 'absentColumns'>, migration: Migration): Decoder {
  const schemas = new AvroSchemas(config.registry);
  const tables = new Map<string, TopicTable>(
    migration.tables.map((table) => {
      const topic = topicOf(migration.name, table.name);
      const columns = columnsRead(migration, table).filter(
        (name) => !config.absentColumns.has(`${table.name}.${name}`),
      );
      return [topic, { table: table.name, key: table.key, reads: { topic, columns } }];
    }),
  );
  tables.set(topicOf(migration.name, HEARTBEAT_TABLE), { table: HEARTBEAT_TABLE, key: ['id'] });
  const tableOf = (topic: string): TopicTable => {
    const table = tables.get(topic);
    if (!table) throw new RangeError(`topic ${topic} belongs to no declared table`);
    return table;
  };
  return {
    decode: (topic, record) => decodeRecord(record, tableOf(topic), schemas),
    decodeKey: (topic, record) => decodeKey(record, tableOf(topic), schemas),
    rows: (topic, columns) => new RowReader(tableOf(topic), columns, schemas),
  };
}

/** What is copied of a table is read as well. */
function columnsRead({ flows }: Migration, { name, reads = [] }: SourceTable): readonly string[] {
  const copies = flows.flatMap(({ root, copy = [] }) => ('table' in root && root.table === name ? copy : []));
  return [...new Set([...reads, ...copies.map(({ from }) => from)])];
}

/** The consumer group of a pipeline's workers. */
export const groupOf = ({ name }: Pick<OpenPipeline, 'name'>): string => `sluice.${name}`;

/** The pipeline's membership in its consumer group. */
export function openSource(
  config: Config,
  open: OpenPipeline,
  log: Log,
  onFatal: (error: SluiceError) => void,
): OpenSource {
  const { migration } = open;
  const topics = [...migration.tables.map((table) => table.name), HEARTBEAT_TABLE].map((t) =>
    topicOf(migration.name, t),
  );
  const Client = config.kafkaClient === 'kafkajs' ? KafkajsClient : FetchClient;
  const client = new Client({ brokers: config.kafka, group: groupOf(open), topics, log, onFatal });
  return { client, decoder: openDecoder(config, migration) };
}

/** A group of its own over the raw topics, for reading them again. */
export function openReader(config: Config, migration: Migration, group: string, log: Log): OpenSource {
  const topics = migration.tables.map((table) => topicOf(migration.name, table.name));
  const Client = config.kafkaClient === 'kafkajs' ? KafkajsClient : FetchClient;
  const client = new Client({ brokers: config.kafka, group, topics, log, onFatal: () => undefined });
  return { client, decoder: openDecoder(config, migration) };
}

/** The remote stores of a migration, by the first part of their targets' names. */
export function openSinks(
  config: Config,
  { migration, name }: OpenPipeline,
  without: readonly string[],
  log: Log,
  meter: Meter,
): ReadonlyMap<string, Sink> {
  const kinds = new Set(migration.flows.flatMap(({ targets }) => targets).map(({ kind }) => kind));
  const sinks = new Map<string, Sink>();
  if (kinds.has('fhir') && !without.includes('fhir')) {
    const { fhir: baseUrl, fhirHeaders: headers } = config;
    sinks.set('fhir', createFhirSink({ baseUrl, pipeline: name, headers, log, clock: systemClock }));
  }
  if (kinds.has('dynamodb') && !without.includes('dynamodb'))
    sinks.set('dynamodb', openDynamoDb(config, migration, { log, meter, pipeline: name }));
  return sinks;
}
