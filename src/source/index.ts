export {
  type Applied,
  applyConnector,
  type ConnectorPlace,
  connectorState,
  type Drift,
  removeConnector,
  restartConnector,
  settledState,
} from './connect/connectors.ts';
export {
  type ConnectorDefinition,
  readConnector,
  readTopics,
  renderConfig,
  type TopicDefinition,
} from './connect/definition.ts';
export { type ConnectorState, describeState } from './connect/rest.ts';
export { requestSnapshot } from './connect/source-database.ts';
export { applyTopics, diffTopics, type TopicDrift } from './connect/topics.ts';
export { AvroSchemas } from './decode/avro.ts';
export {
  type DecodeOptions,
  decodeKey,
  decodeRecord,
  EPOCH_HEADER,
  type RawMessage,
  type TopicTable,
} from './decode/record.ts';
export { UNSENT } from './decode/unsent.ts';
export { type KafkaClientOptions, KafkajsClient, type LogBatch, type LogRecord, quietKafka } from './kafkajs-client.ts';
