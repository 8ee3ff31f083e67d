import type { DynamoDbTarget, FhirTarget, HistoryReader, Log, Sink, Target, TargetReader } from '../../core/index.ts';
import { createTableDump, indexable, readableItem } from '../../sinks/dynamodb/index.ts';
import { comparableResource, createFhirSink, fhirIds } from '../../sinks/fhir/index.ts';
import { systemClock } from '../clock.ts';
import type { Config } from '../config.ts';
import { dynamoDbPlace, openDynamoDb } from '../dynamodb.ts';
import type { OpenPipeline } from '../pipeline.ts';
import { dynamoDbHistory } from './history-reader.ts';

export interface OpenReaders {
  /** by the kind of target they read */
  readonly readers: ReadonlyMap<Target['kind'], TargetReader>;
  /** null: there is none, or it is left out */
  readonly history: HistoryReader | null;
  close(): Promise<void>;
}

/** Ways of reading the remote targets of a migration, those of `without` left out. Nothing is written through them. */
export function openReaders(
  config: Config,
  open: OpenPipeline,
  name: string,
  without: readonly string[],
  log: Log,
): OpenReaders {
  const kinds = new Set(open.migration.flows.flatMap(({ targets }) => targets).map(({ kind }) => kind));
  const readers = new Map<Target['kind'], TargetReader>();
  const sinks: Sink[] = [];
  let history: HistoryReader | null = null;
  if (kinds.has('fhir') && !without.includes('fhir')) {
    const { fhir: baseUrl, fhirHeaders: headers } = config;
    const pipeline = open.name;
    const sink = createFhirSink({ baseUrl, pipeline, headers, log, clock: systemClock });
    sinks.push(sink);
    readers.set(
      'fhir',
      fhirReader(sink, baseUrl, ({ resourceType }) => fhirIds({ baseUrl, headers, pipeline, resourceType })),
    );
  }
  if (kinds.has('dynamodb') && !without.includes('dynamodb')) {
    const sink = openDynamoDb(config, open.migration);
    sinks.push(sink);
    const place = dynamoDbPlace(config, name);
    readers.set('dynamodb', dynamoDbReader(sink, createTableDump(place)));
    const rules = open.migration.dynamodb?.history;
    if (rules) history = dynamoDbHistory(place, rules);
  }
  return {
    readers,
    history,
    async close() {
      for (const sink of sinks) await sink.close();
    },
  };
}

const fhirReader = (
  sink: Sink,
  baseUrl: string,
  idsOf: (target: FhirTarget) => AsyncIterable<readonly string[]>,
): TargetReader => ({
  async pairs(target, wanted) {
    const found = await read(sink, target, wanted);
    return wanted.map(({ id, content }) => {
      const stored = found.get(id);
      const actual = stored && {
        content: comparableResource(stored.content, id, baseUrl),
        revision: stored.revision === 0n ? null : stored.revision,
        foreign: null,
      };
      return { id, expected: comparableResource(content, id, baseUrl), actual: actual ?? null };
    });
  },
  // a FHIR server may hold other people's resources beside ours
  ids: (target) => idsOf(target as FhirTarget),
});

const dynamoDbReader = (sink: Sink, dump: ReturnType<typeof createTableDump>): TargetReader => ({
  async pairs(target, wanted) {
    const found = await read(sink, target, wanted);
    return wanted.map(({ id, content }) => {
      const stored = found.get(id);
      const actual = stored && {
        content: stored.content,
        revision: stored.revision === 0n ? null : stored.revision,
        foreign: null,
      };
      return { id, expected: indexable(target as DynamoDbTarget, content), actual: actual ?? null };
    });
  },
  ids: (target) => itemIds(dump, target as DynamoDbTarget),
});

async function* itemIds(
  dump: ReturnType<typeof createTableDump>,
  target: DynamoDbTarget,
): AsyncGenerator<readonly string[]> {
  for await (const page of dump.scan(target))
    yield page.flatMap((raw) => {
      const item = readableItem(raw);
      if (item === null) return [];
      const values = target.key.map((attribute) => item[attribute] ?? null);
      return [values.length === 1 ? String(values[0]) : JSON.stringify(values)];
    });
}

async function read(sink: Sink, target: Target, wanted: readonly { readonly id: string }[]) {
  const found = await sink.read(
    target.name,
    wanted.map(({ id }) => id),
  );
  return new Map(found.map((stored) => [stored.id, stored]));
}
