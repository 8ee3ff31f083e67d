import { type NumberRef, SluiceError } from '../../core/index.ts';
import { texts } from './arrays.ts';
import type { LedgerContext } from './context.ts';
import type { Queryable } from './sql.ts';

const nameOf = (series: string, key: string): string => `${series}\u001f${key}`;

/**
 * Reads the numbers of business keys and gives new ones where there are none, in the caller's transaction: a number is
 * known from the moment a row that bears it is, and who asks for the same key meanwhile waits for that moment.
 */
export async function numbersOf(
  db: Queryable,
  { migration }: LedgerContext,
  refs: readonly NumberRef[],
): Promise<readonly number[]> {
  const known = new Map<string, number>();
  const missing = (): readonly NumberRef[] => refs.filter(({ series, key }) => !known.has(nameOf(series, key)));
  const take = async (text: string): Promise<void> => {
    const wanted = missing();
    if (wanted.length === 0) return;
    const found = await db.query<{ series: string; key: string; number: string }>(text, [
      migration.name,
      texts(wanted.map(({ series }) => series)),
      texts(wanted.map(({ key }) => key)),
    ]);
    for (const { series, key, number } of found.rows) known.set(nameOf(series, key), Number(number));
  };
  await take(READ_NUMBERS);
  // in one order everywhere, so that two who need the same keys cannot wait for each other
  await take(`insert into sluice.number (migration, series, key)
     select distinct $1, u.series, u.key from unnest($2::text[], $3::text[]) as u(series, key) order by 2, 3
     on conflict do nothing returning series, key, number`);
  // somebody else was first
  await take(READ_NUMBERS);
  return refs.map(({ series, key }) => {
    const number = known.get(nameOf(series, key));
    if (number === undefined) throw new SluiceError('INTERNAL', `a number of ${series} was given and is not there`);
    return number;
  });
}

export const READ_NUMBERS = `select n.series, n.key, n.number from unnest($2::text[], $3::text[]) as u(series, key)
   join sluice.number n on n.migration = $1 and n.series = u.series and n.key = u.key`;
