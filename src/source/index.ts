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
