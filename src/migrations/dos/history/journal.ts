import type { DocumentRef, DynamoDbTarget, HistoryRules, JsonObject } from '../../../core/index.ts';
import { TABLE_TARGETS } from '../targets.ts';
import { versionEntry } from './version-entry.ts';

const TELLS_OF = [TABLE_TARGETS.organisation, TABLE_TARGETS.location, TABLE_TARGETS.healthcareService];
const TOLD: ReadonlySet<string> = new Set(TELLS_OF.map(({ name }) => name));

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

const SUBJECT = /^([a-z-]+)#([^#]+)#([^#]+)$/;

function itemOf(subject: string): DocumentRef | null {
  const [, entity, id, field] = SUBJECT.exec(subject) ?? [];
  const target = TELLS_OF.find(({ table }) => table === entity);
  return target ? { target: target.name, id: JSON.stringify([id, field]) } : null;
}

function subjectOf({ target, id }: DocumentRef): string {
  const entity = TELLS_OF.find(({ name }) => name === target)?.table ?? target;
  return [entity, ...(JSON.parse(id) as readonly string[])].join('#');
}

/** @param adopts the first entry of an item somebody else made tells of a change */
export const historyRules = (adopts: boolean): HistoryRules => ({
  target: TABLE_TARGETS.versionHistory,
  tellsOf: TELLS_OF,
  subjectOf,
  itemOf,
  newestOf: ({ lastUpdated }) => (typeof lastUpdated === 'string' ? lastUpdated.replace(/Z$/, '+00:00') : null),
  isFirst: adopts ? null : ({ change_type: type }) => type === 'CREATE',
});
