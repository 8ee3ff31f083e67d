import { SUBDIVISIONS } from './county-names.ts';
import { trimmed } from './text.ts';

interface Subdivision {
  readonly code: string;
  readonly name: string;
  /** what the words of an address are compared with, a field that is there twice counting twice */
  readonly fields: readonly string[];
}

const subdivisions: readonly Subdivision[] = SUBDIVISIONS.flatMap(([type, parent, members]) =>
  members
    .trim()
    .split(/[|\n]/)
    .map((member) => {
      const [code, name] = [`GB-${member.slice(0, 3)}`, member.slice(4)];
      return { code, name, fields: [code, name, type, ...(parent === null ? [] : [parent, parent]), 'GB'] };
    }),
);

/** Counties of England with a name that is no part of the name of any subdivision of any country. */
const OTHER_COUNTIES = [
  'city of london',
  'greater london',
  'greater manchester',
  'merseyside',
  'south yorkshire',
  'tyne and wear',
  'west midlands',
  'west yorkshire',
];

const spelling = (text: string): string =>
  trimmed(text)
    .normalize('NFKD')
    .replace(/\p{Mn}/gu, '')
    .toLowerCase();

/** A capital after anything that is no letter, small letters elsewhere. */
const titled = (text: string): string =>
  text
    .toLowerCase()
    .replace(/(^|\P{L})(\p{L})/gu, (_all, before: string, letter: string) => before + letter.toUpperCase());

interface Hit {
  readonly points: number;
  readonly code: string;
  readonly county: string;
}

const isBetter = (hit: Hit, than: Hit): boolean =>
  hit.points > than.points || (hit.points === than.points && hit.code < than.code);

/** Every text that hits a subdivision, with its best hit: some ten thousand, made once so that no address searches. */
function winners(): ReadonlyMap<string, Hit> {
  const best = new Map<string, Hit>();
  for (const { code, name, fields } of subdivisions) {
    const points = new Map<string, number>();
    const text = spelling(name);
    for (let from = 0; from < text.length; from++)
      for (let to = from; to <= text.length; to++) {
        const part = text.slice(from, to);
        // the first place it is found at counts
        if (!points.has(part)) points.set(part, Math.max(1, 5 - from));
      }
    for (const field of fields) points.set(spelling(field), (points.get(spelling(field)) ?? 0) + 50);
    for (const [part, sum] of points) {
      const hit: Hit = { points: sum, code, county: titled(name) };
      const other = best.get(part);
      if (!other || isBetter(hit, other)) best.set(part, hit);
    }
  }
  return best;
}

let hits: ReadonlyMap<string, Hit> | null = null;
const exactNames = new Map(subdivisions.map(({ name }) => [spelling(name), titled(name)]));

/** The county a line of an address names, in its written form; null when it names none. */
export function countyOf(line: string, matching: 'compat' | 'exact'): string | null {
  const words = spelling(line);
  hits ??= winners();
  const found = matching === 'compat' ? hits.get(words)?.county : exactNames.get(words);
  return found ?? (OTHER_COUNTIES.includes(words) ? titled(words) : null);
}
