export {
  type Applied,
  applyConnector,
  type CaptureState,
  type ConnectorPlace,
  captureState,
  connectorEpoch,
  connectorState,
  removeConnector,
  restartConnector,
  reviveConnector,
  settledState,
} from './connect/connectors.ts';
export {
  readConnector,
  readTopics,
} from './connect/definition.ts';
export { type ConnectorState, describeState } from './connect/rest.ts';
export { logEnd, readSlot, requestSnapshot, rowEstimates, type SlotReading } from './connect/source-database.ts';
export { applyTopics, diffTopics, topicFaults, untilTopicsThere } from './connect/topics.ts';
export { type CapturedRowReader, type CapturedRows, openCapturedRows } from './database/captured-rows.ts';
export { copyOut } from './database/copy-out.ts';
export { openSourceReader, type ReadRows, type RowsWanted, type SourceReader } from './database/index.ts';
export { type KeyedRowReader, openKeyedRows } from './database/keyed-rows.ts';
export { COPY_SETTINGS, openSnapshot, type SourceSnapshot } from './database/snapshot.ts';
export { AvroSchemas } from './decode/avro.ts';
export {
  decodeKey,
  decodeRecord,
  type TopicTable,
} from './decode/record.ts';
export { type FreezeProof, freeze, type LegacyTables, type StillAble, unfreeze, verifyFreeze } from './freeze/index.ts';
export { FetchClient } from './kafka/fetch-client.ts';
export { GROUP_STATES, type GroupReading, readGroup } from './kafka/group-reading.ts';
export { KafkajsClient } from './kafka/kafkajs-client.ts';
export { offsetAfter } from './kafka/log-offsets.ts';
export { quietKafka } from './kafka/membership.ts';
export { RowReader } from './rows/index.ts';
