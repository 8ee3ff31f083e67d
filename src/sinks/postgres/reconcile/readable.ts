import { readHalving } from '../../../core/index.ts';
import type { Queryable } from '../sql.ts';

/** SQLSTATE class 22: a value that its column's type refuses. */
const isRefusal = (error: unknown): boolean => {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return typeof code === 'string' && code.startsWith('22');
};

/**
 * What `read` answers of those whose contents the columns' types take. Each try has a savepoint: a statement that fails
 * would end the transaction, and with it the moment that all else is read at.
 */
export function readReadable<T, R>(
  db: Queryable,
  all: readonly T[],
  read: (some: readonly T[]) => Promise<readonly R[]>,
): Promise<readonly R[]> {
  const tried = async (some: readonly T[]): Promise<readonly R[]> => {
    await db.query('savepoint readable');
    try {
      const found = await read(some);
      await db.query('release savepoint readable');
      return found;
    } catch (error) {
      if (isRefusal(error)) await db.query('rollback to savepoint readable; release savepoint readable');
      throw error;
    }
  };
  return readHalving(all, tried, isRefusal);
}
