import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readSheet } from '../../../src/migrations/pas/sheet.ts';
import { shipped } from './contract-files.ts';

const FOLDER = '../shared/pas/data';
const sheet = (name: string, head: readonly string[]) =>
  readSheet(name, readFileSync(`${FOLDER}/${name}`, 'utf8'), head);

describe.skipIf(!existsSync(FOLDER))('the lists of the work order', () => {
  const { catalogue } = shipped();

  test('name the same source columns with the same sizes', () => {
    const theirs = sheet('source_catalog.csv', ['table_name', 'field_name', 'size']).map(
      (row) => `${row.get('table_name')}.${row.get('field_name')} ${row.get('size')}`,
    );
    const ours = [...catalogue.sourceFields.values()].flatMap((fields) =>
      [...fields.values()].map(({ table, field, size }) => `${table}.${field} ${size ?? ''}`),
    );
    expect(new Set(ours)).toEqual(new Set(theirs));
  });

  test('name the same target columns, by the names they give them', () => {
    const theirs = [
      ...sheet('target_catalog.csv', ['table_name', 'field_name']).map(
        (row) => `${row.get('table_name')}.${row.get('field_name')}`,
      ),
      ...sheet('target_extra_39.csv', ['target_table', 'target_field']).map(
        (row) => `${row.get('target_table')}.${row.get('target_field')}`,
      ),
    ];
    const ours = [...catalogue.targetFields.values()].flatMap((fields) =>
      [...fields.values()].map(({ table, listedAs }) => `${table}.${listedAs}`),
    );
    expect(ours.sort()).toEqual(theirs.sort());
  });

  test('name the same foreign keys', () => {
    const theirs = sheet('target_foreign_keys.csv', ['child_table', 'child_field', 'parent_table']).map(
      (row) => `${row.get('child_table')}.${row.get('child_field')} ${row.get('parent_table')}`,
    );
    expect(catalogue.edges.map(({ child, field, parent }) => `${child}.${field} ${parent}`).sort()).toEqual(
      theirs.sort(),
    );
  });
});
