import { contentHash, type Difference, type HistoryRules, type JsonObject, type SeenHistory } from '../core/index.ts';
import type { Judged } from './verdict.ts';

export interface JudgedHistory extends Judged {
  /** what is to be remembered of it; null while something is wrong */
  readonly remember: SeenHistory | null;
}

/**
 * What is wrong with the history of one item. Entries that were seen stay as they were, none before them comes later;
 * the first tells of the making of the item, and the newest of its newest write. Pure.
 *
 * @param entries in the order of their times
 */
export function judgeHistory(
  entries: readonly JsonObject[],
  item: JsonObject,
  seen: SeenHistory | undefined,
  rules: HistoryRules,
): JudgedHistory {
  const time = rules.target.key[1] ?? '';
  const at = (entry: JsonObject | undefined): string => String(entry?.[time] ?? '');
  const old = seen ? entries.filter((entry) => at(entry) <= seen.through) : entries;
  const hash = contentHash({ entries: old });
  const found = new Map<'missing' | 'extra' | 'value', Difference>();
  const note = (kind: 'missing' | 'extra' | 'value', path: string): void => {
    if (!found.has(kind)) found.set(kind, { path, class: kind });
  };
  if (seen && old.length !== seen.entries) note(old.length < seen.entries ? 'missing' : 'extra', 'entries');
  else if (seen && hash !== seen.hash) note('value', 'entries');
  const [first] = entries;
  if (first === undefined || rules.isFirst?.(first) === false) note('missing', 'first');
  const [newest, last] = [rules.newestOf(item), at(entries.at(-1))];
  if (newest !== null && first !== undefined && last !== newest) note(last < newest ? 'missing' : 'extra', 'newest');
  const kinds = [...found].map(([kind, difference]) => ({ kind, differences: [difference] }));
  const through = at(entries.at(-1));
  return {
    kinds,
    fields: Math.max(1, entries.length),
    mismatched: kinds.length,
    hash,
    fault: kinds.length > 0 ? hash : null,
    remember: kinds.length > 0 ? null : { through, entries: entries.length, hash: contentHash({ entries }) },
  };
}
