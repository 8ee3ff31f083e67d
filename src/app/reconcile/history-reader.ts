import type { DynamoDbTarget, HistoryReader, HistoryRules, JsonObject } from '../../core/index.ts';
import { createGuardedItems, createTableDump, readableItem } from '../../sinks/dynamodb/index.ts';
import type { DynamoDbPlace } from '../dynamodb.ts';

/** Reads a history of writes in DynamoDB, and the items it tells of as they are stored. */
export function dynamoDbHistory(place: DynamoDbPlace, rules: HistoryRules): HistoryReader {
  const dump = createTableDump(place);
  const guarded = createGuardedItems(place);
  const [subject = ''] = rules.target.key;
  const entryOf = (raw: Parameters<typeof readableItem>[0]): readonly JsonObject[] => {
    const entry = readableItem(raw);
    return entry === null ? [] : [entry];
  };
  return {
    rules,
    items: (target: DynamoDbTarget, ids) => guarded.read(target, ids),
    entries: async (of) => (await dump.ofHashKey(rules.target, of)).flatMap(entryOf),
    async *subjects() {
      for await (const page of dump.scan(rules.target))
        yield [...new Set(page.flatMap(entryOf).map((entry) => String(entry[subject])))];
    },
  };
}
