import { plainText, tenPlaces, toCents, whole } from './decimals.ts';

export interface AgeRange {
  readonly rangeFrom: string;
  readonly rangeTo: string;
  readonly type: 'days';
}

const ONE_DAY = whole(1);

interface Days {
  readonly daysfrom: number;
  readonly daysto: number;
}

/** The ages a service is for, neighbouring ranges joined; null when it says nothing of age. Rows come by id. */
export function readAges(rows: readonly Days[]): readonly AgeRange[] | null {
  const [first, ...rest] = rows
    .map(({ daysfrom, daysto }) => ({ from: tenPlaces(daysfrom), to: tenPlaces(daysto) }))
    .sort((x, y) => (x.from < y.from ? -1 : x.from > y.from ? 1 : 0));
  if (!first) return null;
  let current = { from: toCents(first.from), to: toCents(first.to) };
  const ranges: { from: bigint; to: bigint }[] = [];
  for (const next of rest) {
    const gap = next.from - current.to;
    if (gap <= ONE_DAY && gap >= -ONE_DAY) current = { from: current.from, to: toCents(next.to) };
    else if (next.from <= current.to) {
      if (next.to > current.to) current = { from: current.from, to: toCents(next.to) };
    } else {
      ranges.push(current);
      current = { from: toCents(next.from), to: toCents(next.to) };
    }
  }
  return [...ranges, current].map(({ from, to }) => ({
    rangeFrom: plainText(from),
    rangeTo: plainText(to),
    type: 'days',
  }));
}
