import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/core/index.ts';
import { historyRules } from '../../src/migrations/dos/history/journal.ts';
import { compareRows, judgeHistory } from '../../src/reconcile/index.ts';

const rules = historyRules(false);
const entry = (second: number, type = 'UPDATE'): JsonObject => ({
  entity_id: 'location#1#document',
  timestamp: `2026-01-01T00:00:0${second}.5+00:00`,
  change_type: type,
});
const itemAt = (second: number): JsonObject => ({ lastUpdated: `2026-01-01T00:00:0${second}.5+00:00` });
const three = [entry(1, 'CREATE'), entry(2), entry(3)];
const judged = (
  entries: readonly JsonObject[],
  at = 3,
  seen = judgeHistory(three, itemAt(3), undefined, rules).remember,
) =>
  judgeHistory(entries, itemAt(at), seen ?? undefined, rules).kinds.map(
    ({ kind, differences }) => `${kind} ${differences[0]?.path}`,
  );

describe('a history beside the item it tells of', () => {
  it('is right with all that was seen, and with what was appended since', () => {
    expect(judged(three)).toEqual([]);
    expect(judged([...three, entry(4)], 4)).toEqual([]);
  });

  it('has lost entries, has others, or has more than there were', () => {
    expect(judged([three[0] as JsonObject, entry(3)])).toEqual(['missing entries']);
    expect(judged([three[0] as JsonObject, { ...entry(2), changed_by: 'another' }, entry(3)])).toEqual([
      'value entries',
    ]);
    expect(judged([entry(0, 'CREATE'), ...three])).toEqual(['extra entries']);
  });

  it('tells of the first write and of the newest, whether or not it was seen before', () => {
    expect(judged(three.slice(1), 3, null)).toEqual(['missing first']);
    expect(judged(three, 4, null)).toEqual(['missing newest']);
    expect(judged([...three, entry(4)], 3)).toEqual(['extra newest']);
    expect(judged([], 3, null)).toEqual(['missing first']);
  });

  it('is remembered only while it is right', () => {
    expect(judgeHistory(three.slice(1), itemAt(3), undefined, rules).remember).toBeNull();
    expect(judgeHistory(three, itemAt(3), undefined, rules).remember).toMatchObject({ entries: 3 });
  });

  it('is found by its item and leads to it', () => {
    const item = { target: 'dynamodb.location', id: '["1","document"]' };
    expect(rules.subjectOf(item)).toBe('location#1#document');
    expect(rules.itemOf('location#1#document')).toEqual(item);
    expect(rules.itemOf('elsewhere#1#document')).toBeNull();
  });
});

it('takes an instant for the same whatever its places', () => {
  const texts = new Set<string>();
  const [six, none] = [{ at: '2026-01-01T00:00:00.000000Z' }, { at: '2026-01-01T00:00:00Z' }];
  expect(compareRows(six, none, texts)).toEqual([]);
  expect(compareRows({ at: '2026-01-01T00:00:00.100000Z' }, { at: '2026-01-01T00:00:00.1Z' }, texts)).toEqual([]);
  expect(compareRows({ at: '2026-01-01T00:00:00.010000Z' }, none, texts)).toHaveLength(1);
});
