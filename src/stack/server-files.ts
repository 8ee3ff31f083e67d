import { mkdirSync } from 'node:fs';
import type { StackSettings } from './settings.ts';

/** 32 MB: the largest record that may pass, with room above the 10 MB a source row may have. */
const LARGEST = 33_554_432;

const properties = (values: Readonly<Record<string, string | number | boolean>>): string =>
  `${Object.entries(values)
    .map(([name, value]) => `${name}=${value}`)
    .join('\n')}\n`;

/** One broker that is its own controller. Topics are made by `sluice topics apply`, never by accident. */
export function brokerProperties(settings: StackSettings, logs: string): string {
  const { kafka, kafkaController } = settings.ports;
  mkdirSync(logs, { recursive: true });
  return properties({
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${kafkaController}`,
    listeners: `PLAINTEXT://127.0.0.1:${kafka},CONTROLLER://127.0.0.1:${kafkaController}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${kafka}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': logs,
    'num.partitions': 1,
    'default.replication.factor': 1,
    'min.insync.replicas': 1,
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 1,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 1,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'share.coordinator.state.topic.num.partitions': 1,
    'group.initial.rebalance.delay.ms': 0,
    'auto.create.topics.enable': false,
    'num.network.threads': 2,
    'num.io.threads': 4,
    'num.recovery.threads.per.data.dir': 1,
    'log.cleaner.dedupe.buffer.size': 2_097_152,
    'log.segment.bytes': 67_108_864,
    'log.index.size.max.bytes': 1_048_576,
    'message.max.bytes': LARGEST,
    'replica.fetch.max.bytes': LARGEST,
  });
}

/** Connect in distributed mode, as it is run in earnest, with one worker. */
export function connectProperties(settings: StackSettings, plugins: string): string {
  const storage = (name: string, topic: string) => ({
    [`${name}.storage.topic`]: topic,
    [`${name}.storage.replication.factor`]: 1,
  });
  return properties({
    'bootstrap.servers': `127.0.0.1:${settings.ports.kafka}`,
    'group.id': 'connect-cluster',
    'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'key.converter.schemas.enable': false,
    'value.converter.schemas.enable': false,
    ...storage('config', '_connect-configs'),
    ...storage('offset', '_connect-offsets'),
    'offset.storage.partitions': 1,
    ...storage('status', '_connect-status'),
    // a shorter flush sends less again after a crash and proves sooner that all is published
    'offset.flush.interval.ms': 1000,
    listeners: `http://127.0.0.1:${settings.ports.connect}`,
    'rest.advertised.host.name': '127.0.0.1',
    'plugin.path': plugins,
    'plugin.discovery': 'service_load',
    // topics are made by `sluice topics apply`, with partitions and retention on purpose
    'topic.creation.enable': false,
    'scheduled.rebalance.max.delay.ms': 0,
    'producer.linger.ms': 0,
    'producer.max.request.size': LARGEST,
    'connector.client.config.override.policy': 'All',
    'exactly.once.source.support': 'disabled',
    'config.providers': 'env,file',
    'config.providers.env.class': 'org.apache.kafka.common.config.provider.EnvVarConfigProvider',
    'config.providers.env.param.allowlist.pattern': '^SLUICE_.*',
    'config.providers.file.class': 'org.apache.kafka.common.config.provider.FileConfigProvider',
  });
}

/** Warnings and errors only, on standard output. */
export const LOGGING = `<?xml version="1.0" encoding="UTF-8"?>
<Configuration status="WARN">
  <Appenders><Console name="out"><PatternLayout pattern="%d %p %c{1} %m%n"/></Console></Appenders>
  <Loggers>
    <Root level="WARN"><AppenderRef ref="out"/></Root>
    <Logger name="io.debezium" level="INFO"/>
  </Loggers>
</Configuration>
`;
