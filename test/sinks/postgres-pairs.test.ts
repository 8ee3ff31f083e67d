import { expect, it } from 'vitest';
import type { PostgresTarget } from '../../src/core/index.ts';
import type { LedgerContext } from '../../src/sinks/postgres/context.ts';
import { readPairs } from '../../src/sinks/postgres/reconcile/pairs.ts';
import type { Queryable } from '../../src/sinks/postgres/sql.ts';

const target: PostgresTarget = { kind: 'postgres', name: 'a.doc', key: ['id'], mode: 'state' };
const context = { pipeline: 'm', schemaSuffix: '' } as LedgerContext;
const wanted = Array.from({ length: 200 }, (_, i) => ({ id: String(i), content: { id: String(i) } }));

/** A transaction in which statements with these ids fail, and which is over after that unless it is rolled back. */
function transaction(refused: readonly string[], sqlstate = '22P02') {
  const statements: string[] = [];
  let isAborted = false;
  const query = async (text: string, values: readonly unknown[] = []) => {
    statements.push(text);
    if (text.startsWith('rollback to savepoint')) isAborted = false;
    else if (isAborted) throw Object.assign(new Error('aborted'), { code: '25P02' });
    if (!text.includes('jsonb_populate_record')) return { rows: [] };
    const asked = JSON.parse(String(values[0])) as { id: string }[];
    if (asked.some(({ id }) => refused.includes(id))) {
      isAborted = true;
      throw Object.assign(new Error('refused'), { code: sqlstate });
    }
    return { rows: asked.map((row, i) => ({ n: i + 1, expected: JSON.stringify(row), actual: null, foreign: null })) };
  };
  return { db: { query } as unknown as Queryable, statements };
}

it('a content that a column refuses is found by halving, and all others are read in the same transaction', async () => {
  const { db, statements } = transaction(['7', '150']);
  const pairs = await readPairs(db, context, target, wanted);
  expect(pairs.map(({ id }) => id)).toEqual(wanted.map(({ id }) => id).filter((id) => id !== '7' && id !== '150'));
  expect(statements.length).toBeLessThan(130);
});

it('costs two statements more where nothing is refused, and goes on throwing what is no refusal', async () => {
  const { db, statements } = transaction([]);
  expect(await readPairs(db, context, target, wanted)).toHaveLength(200);
  expect(statements.filter((text) => text.includes('savepoint'))).toHaveLength(2);
  await expect(readPairs(transaction(['7'], '42P01').db, context, target, wanted)).rejects.toMatchObject({
    code: '42P01',
  });
});
