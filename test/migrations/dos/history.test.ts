import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../src/core/index.ts';
import { deltaOf } from '../../../src/migrations/dos/history/delta.ts';
import { pairing } from '../../../src/migrations/dos/history/pairing.ts';
import { versionEntry } from '../../../src/migrations/dos/index.ts';

const by = { type: 'app', value: 'INTERNAL001', display: 'Data Migration' };
const item: JsonObject = {
  id: 'a',
  field: 'document',
  name: 'Larkspur',
  telecom: { web: null },
  dispositions: ['DX901', 'DX902'],
  created: '2026-03-13T09:00:00Z',
  createdBy: by,
  lastUpdated: '2026-03-13T09:00:00Z',
  lastUpdatedBy: by,
};
const at = '2026-03-13T10:00:00.123456Z';

describe('an entry of the version history', () => {
  test('of a new item tells the whole of it, without audit and key', () => {
    expect(versionEntry({ entity: 'location', before: null, after: item, at })).toEqual({
      entity_id: 'location#a#document',
      timestamp: '2026-03-13T10:00:00.123456+00:00',
      change_type: 'CREATE',
      changed_fields: {
        document: {
          type_changes: {
            root: {
              old_type: 'NoneType',
              new_type: 'dict',
              old_value: null,
              new_value: { name: 'Larkspur', telecom: { web: null }, dispositions: ['DX901', 'DX902'] },
            },
          },
        },
      },
      changed_by: by,
    });
  });

  test('of an item that goes tells what it was', () => {
    const entry = versionEntry({ entity: 'location', before: item, after: null, at });
    expect(entry).toMatchObject({
      change_type: 'DELETE',
      changed_fields: { document: { type_changes: { root: { new_type: 'NoneType' } } } },
    });
  });

  test('of a change tells old and new, and who it was', () => {
    const other = { type: 'app', value: 'X', display: 'X' };
    const after = { ...item, name: 'Moor', telecom: { web: 'https://x.example' }, lastUpdatedBy: other };
    expect(versionEntry({ entity: 'organisation', before: item, after, at })).toMatchObject({
      change_type: 'UPDATE',
      changed_by: other,
      changed_fields: {
        document: {
          values_changed: { "root['name']": { new_value: 'Moor', old_value: 'Larkspur' } },
          type_changes: {
            "root['telecom']['web']": {
              old_type: 'NoneType',
              new_type: 'str',
              old_value: null,
              new_value: 'https://x.example',
            },
          },
        },
      },
    });
  });

  test('is none when only the audit fields differ', () => {
    const after = { ...item, lastUpdated: 'later' };
    expect(versionEntry({ entity: 'organisation', before: item, after, at })).toBeNull();
  });

  test('of another field tells of that attribute alone', () => {
    const before = { ...item, field: 'name' };
    const entry = versionEntry({ entity: 'organisation', before, after: { ...before, name: 'Moor', telecom: {} }, at });
    expect(entry?.changed_fields).toEqual({
      name: { values_changed: { root: { new_value: 'Moor', old_value: 'Larkspur' } } },
    });
  });
});

describe('a delta', () => {
  test('of plain lists tells the item that went, wherever it stood', () => {
    expect(deltaOf(['a', 'b', 'c'], ['b', 'c'])).toEqual({ iterable_item_removed: { 'root[0]': 'a' } });
    expect(deltaOf(['b'], ['a', 'b'])).toEqual({ iterable_item_added: { 'root[0]': 'a' } });
  });

  test('of plain lists that differ in more goes place by place, unless that tells of more', () => {
    expect(deltaOf(['a', 'b'], ['b', 'a'])).toEqual({
      values_changed: {
        'root[0]': { new_value: 'b', old_value: 'a' },
        'root[1]': { new_value: 'a', old_value: 'b' },
      },
    });
    expect(deltaOf(['a', 'b', 'c', 'd'], ['b', 'c', 'd', 'e'])).toEqual({
      iterable_item_removed: { 'root[0]': 'a' },
      iterable_item_added: { 'root[3]': 'e' },
    });
  });

  test('of lists of objects goes place by place, keys that came and went by their paths', () => {
    expect(deltaOf([{ a: 1 }, { a: 2 }], [{ b: 1 }])).toEqual({
      dictionary_item_added: ["root[0]['b']"],
      dictionary_item_removed: ["root[0]['a']"],
      iterable_item_removed: { 'root[1]': { a: 2 } },
    });
  });

  test('of equal values is none, and of others never', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3 }), fc.jsonValue({ maxDepth: 3 }), (x, y) => {
        const [before, after] = [JSON.parse(JSON.stringify(x)), JSON.parse(JSON.stringify(y))];
        expect(deltaOf(before, before)).toBeNull();
        fc.pre(!isEqual(before, after));
        expect(deltaOf(before, after)).not.toBeNull();
      }),
    );
  });

  test('of two plain lists leaves no item out', () => {
    const list = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 8 });
    fc.assert(
      fc.property(list, list, (before, after) => {
        const pairs = pairing(before, after);
        expect(pairs.flatMap(([from]) => from ?? [])).toEqual(before.map((_, place) => place));
        expect(pairs.flatMap(([, to]) => to ?? [])).toEqual(after.map((_, place) => place));
      }),
    );
  });
});

const isEqual = (x: unknown, y: unknown): boolean => {
  try {
    expect(x).toEqual(y);
    return true;
  } catch {
    return false;
  }
};
