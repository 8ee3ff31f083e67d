import type { DynamoDbTarget, JsonObject } from '../../../core/index.ts';
import { TABLE_TARGETS } from '../targets.ts';
import { versionEntry } from './version-entry.ts';

const TOLD: ReadonlySet<string> = new Set(
  [TABLE_TARGETS.organisation, TABLE_TARGETS.location, TABLE_TARGETS.healthcareService].map(({ name }) => name),
);

export interface JournalEntry {
  readonly target: DynamoDbTarget;
  readonly content: JsonObject;
}

/**
 * What the version history tells of one write of an item; null when it is not told of, or says nothing new.
 * @param at ISO UTC, of a write that leaves no item to say when it was
 */
export function journalOf(
  target: DynamoDbTarget,
  before: JsonObject | null,
  after: JsonObject | null,
  at: string,
): JournalEntry | null {
  if (!TOLD.has(target.name)) return null;
  const written = typeof after?.lastUpdated === 'string' ? after.lastUpdated.replace('+00:00', 'Z') : at;
  const content = versionEntry({ entity: target.table, before, after, at: written });
  return content === null ? null : { target: TABLE_TARGETS.versionHistory, content };
}
