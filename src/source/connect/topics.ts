import kafkajs from 'kafkajs';
import { type Log, SluiceError } from '../../core/index.ts';
import { quietKafka } from '../kafka/membership.ts';
import type { TopicDefinition } from './definition.ts';

export interface TopicDrift {
  readonly topic: string;
  /** `missing`, `partitions` or the name of a setting */
  readonly what: string;
  readonly wanted: string;
  readonly found: string;
}

type Admin = ReturnType<ReturnType<typeof quietKafka>['admin']>;

async function withAdmin<T>(brokers: readonly string[], log: Log, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = quietKafka(brokers, 'sluice-topics', log).admin();
  try {
    await admin.connect();
  } catch (cause) {
    throw new SluiceError('BROKER_UNAVAILABLE', `Kafka does not answer at ${brokers.join(', ')}`, { cause });
  }
  try {
    return await work(admin);
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

async function differences(admin: Admin, topics: readonly TopicDefinition[]): Promise<TopicDrift[]> {
  const there = new Set(await admin.listTopics());
  const known = topics.filter((topic) => there.has(topic.name));
  const drift: TopicDrift[] = topics
    .filter((topic) => !there.has(topic.name))
    .map((topic) => ({ topic: topic.name, what: 'missing', wanted: `${topic.partitions} partitions`, found: '-' }));
  if (known.length === 0) return drift;
  const metadata = await admin.fetchTopicMetadata({ topics: known.map((topic) => topic.name) });
  const configs = await admin.describeConfigs({
    includeSynonyms: false,
    resources: known.map((topic) => ({
      type: kafkajs.ConfigResourceTypes.TOPIC,
      name: topic.name,
      configNames: Object.keys(topic.config),
    })),
  });
  for (const topic of known) {
    const partitions = metadata.topics.find((found) => found.name === topic.name)?.partitions.length ?? 0;
    if (partitions !== topic.partitions) {
      drift.push({
        topic: topic.name,
        what: 'partitions',
        wanted: String(topic.partitions),
        found: String(partitions),
      });
    }
    const entries = configs.resources.find((found) => found.resourceName === topic.name)?.configEntries ?? [];
    for (const [name, wanted] of Object.entries(topic.config)) {
      const found = entries.find((entry) => entry.configName === name)?.configValue ?? '-';
      if (found !== wanted) drift.push({ topic: topic.name, what: name, wanted, found });
    }
  }
  return drift;
}

/** What differs between the files and the broker. */
export function diffTopics(
  brokers: readonly string[],
  topics: readonly TopicDefinition[],
  log: Log,
): Promise<TopicDrift[]> {
  return withAdmin(brokers, log, (admin) => differences(admin, topics));
}

/**
 * Makes what is missing and sets what differs. Partitions are raised only when forced, for keys then move; they are
 * never lowered. Answers what was changed and what was left.
 */
export function applyTopics(
  brokers: readonly string[],
  topics: readonly TopicDefinition[],
  options: { force: boolean },
  log: Log,
): Promise<{ changed: TopicDrift[]; left: TopicDrift[] }> {
  return withAdmin(brokers, log, async (admin) => {
    const drift = await differences(admin, topics);
    const left: TopicDrift[] = [];
    const changed: TopicDrift[] = [];
    const named = (topic: string) => topics.find((candidate) => candidate.name === topic) as TopicDefinition;
    for (const one of drift) {
      const topic = named(one.topic);
      if (one.what === 'missing') {
        const configEntries = Object.entries(topic.config).map(([name, value]) => ({ name, value }));
        const spec = { topic: topic.name, numPartitions: topic.partitions, replicationFactor: 1, configEntries };
        await admin.createTopics({ topics: [spec], waitForLeaders: false });
      } else if (one.what === 'partitions') {
        if (!options.force || Number(one.wanted) < Number(one.found)) {
          left.push(one);
          continue;
        }
        await admin.createPartitions({ topicPartitions: [{ topic: topic.name, count: topic.partitions }] });
      }
      changed.push(one);
    }
    const altered = new Set(
      changed.filter((one) => !['missing', 'partitions'].includes(one.what)).map((one) => one.topic),
    );
    if (altered.size > 0) {
      await admin.alterConfigs({
        validateOnly: false,
        resources: [...altered].map((name) => ({
          type: kafkajs.ConfigResourceTypes.TOPIC,
          name,
          configEntries: Object.entries(named(name).config).map(([key, value]) => ({ name: key, value })),
        })),
      });
    }
    await untilTopicsThere(
      admin,
      changed.filter(({ what }) => what === 'missing').map(({ topic }) => topic),
    );
    return { changed, left };
  });
}

/** Topics that have lost what was in them: compacted, no longer beginning at 0, or not there (of no policy). */
export function topicFaults(
  brokers: readonly string[],
  topics: readonly string[],
  log: Log,
): Promise<{ topic: string; policy: string; low: bigint }[]> {
  return withAdmin(brokers, log, async (admin) => {
    const there = new Set(await admin.listTopics());
    const known = topics.filter((topic) => there.has(topic));
    const missing = topics.filter((topic) => !there.has(topic)).map((topic) => ({ topic, policy: '', low: 0n }));
    if (known.length === 0) return missing;
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: known.map((name) => ({
        type: kafkajs.ConfigResourceTypes.TOPIC,
        name,
        configNames: ['cleanup.policy'],
      })),
    });
    const found = await Promise.all(
      known.map(async (topic) => {
        const entries = resources.find(({ resourceName }) => resourceName === topic)?.configEntries ?? [];
        const policy = entries.find(({ configName }) => configName === 'cleanup.policy')?.configValue ?? 'unknown';
        const lows = (await admin.fetchTopicOffsets(topic)).map(({ low }) => BigInt(low));
        return { topic, policy, low: lows.reduce((x, y) => (x > y ? x : y), 0n) };
      }),
    );
    return [...missing, ...found.filter(({ policy, low }) => policy.includes('compact') || low > 0n)];
  });
}

/** A broker that has just made topics can deny them for a moment. Throws what it said last after half a minute. */
export async function untilTopicsThere(admin: kafkajs.Admin, topics: readonly string[]): Promise<void> {
  if (topics.length === 0) return;
  for (let attempt = 0; ; attempt++) {
    try {
      const { topics: found } = await admin.fetchTopicMetadata({ topics: [...topics] });
      if (found.every(({ partitions }) => partitions.length > 0 && partitions.every(({ leader }) => leader >= 0)))
        return;
    } catch (error) {
      if (attempt >= 100) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}
