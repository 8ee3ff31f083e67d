import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { SluiceError } from '../../core/index.ts';

const ReplicaIdentity = z.enum(['default', 'full']);

const ConnectorFile = z.strictObject({
  name: z.string(),
  migration: z.string(),
  source: z.strictObject({
    schema: z.string(),
    tables: z.record(z.string(), z.strictObject({ replica_identity: ReplicaIdentity })),
  }),
  config: z.record(z.string(), z.string()),
});

/** A file of connectors/: what is captured, how, and from where. */
export interface ConnectorDefinition extends z.infer<typeof ConnectorFile> {
  /** before every name made on shared servers; '' or e.g. `blue_` */
  readonly prefix: string;
}

const TopicGroup = z.strictObject({
  config: z.record(z.string(), z.string()),
  topics: z.record(
    z.string(),
    z.strictObject({ partitions: z.number().int().positive(), config: z.record(z.string(), z.string()).optional() }),
  ),
});

const TopicFile = z.strictObject({
  migration: z.string(),
  raw: TopicGroup,
  control: TopicGroup,
  'dead-letters': TopicGroup,
  exported: TopicGroup.optional(),
  events: TopicGroup.optional(),
});

export interface TopicDefinition {
  readonly name: string;
  readonly kind: 'raw' | 'control' | 'dead-letters' | 'exported' | 'events';
  readonly partitions: number;
  readonly config: Readonly<Record<string, string>>;
}

async function readYaml<T>(folder: string, migration: string, model: z.ZodType<T>): Promise<T> {
  const file = join(folder, `${migration}.yaml`);
  const text = await readFile(file, 'utf8').catch(async () => {
    const there = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.yaml'));
    const known = there.map((name) => name.slice(0, -5)).join(', ') || 'none';
    throw new SluiceError('CONFIG_INVALID', `${file} cannot be read; there is ${known}`);
  });
  const parsed = model.safeParse(parse(text));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new SluiceError('CONFIG_INVALID', `${file}: ${issue?.path.join('.')}: ${issue?.message}`);
}

export async function readConnector(folder: string, migration: string, prefix: string): Promise<ConnectorDefinition> {
  const file = await readYaml(folder, migration, ConnectorFile);
  return { ...file, name: prefix + file.name, prefix };
}

const HEARTBEATS = '__debezium-heartbeat.';

/** Debezium puts the prefix of its heartbeat topics before ours. */
const prefixed = (name: string, prefix: string): string =>
  name.startsWith(HEARTBEATS) ? HEARTBEATS + prefix + name.slice(HEARTBEATS.length) : prefix + name;

export async function readTopics(folder: string, migration: string, prefix: string): Promise<TopicDefinition[]> {
  const file = await readYaml(folder, migration, TopicFile);
  return (['raw', 'control', 'dead-letters', 'exported', 'events'] as const).flatMap((kind) =>
    Object.entries(file[kind]?.topics ?? {}).map(([name, topic]) => ({
      name: prefixed(name, prefix),
      kind,
      partitions: topic.partitions,
      config: { ...file[kind]?.config, ...topic.config },
    })),
  );
}

/** Where Connect itself finds the other servers: not always where we find them. */
export interface ConnectorVariables {
  readonly 'postgres.host': string;
  readonly 'postgres.port': string;
  readonly 'postgres.user': string;
  readonly 'postgres.database': string;
  readonly kafka: string;
  readonly registry: string;
  readonly epoch: string;
}

/** The configuration Connect is to have. Throws CONFIG_INVALID for an unknown {{name}}. */
export function renderConfig(definition: ConnectorDefinition, variables: ConnectorVariables): Record<string, string> {
  const fill = (text: string): string =>
    text.replace(/\{\{([^}]+)\}\}/g, (_, name: string) => {
      const value = name === 'prefix' ? definition.prefix : (variables as unknown as Record<string, string>)[name];
      if (value === undefined)
        throw new SluiceError('CONFIG_INVALID', `${definition.name}: there is no variable {{${name}}}`);
      return value;
    });
  return Object.fromEntries(Object.entries(definition.config).map(([key, value]) => [key, fill(value)]));
}
