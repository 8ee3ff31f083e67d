import type { Json } from '../../core/index.ts';
import type { Compiled } from './compiled.ts';

const TIME = /^io\.debezium\.time\.|^org\.apache\.kafka\.connect\.data\.(Date|Time|Timestamp)$/;
const EPOCH = /^1970-01-01T00:00:00(\.0+)?Z$/;

/**
 * What stands for null in a nullable time column whose default is a function such as now(); undefined where nothing does.
 * Debezium declares such a default as the epoch, and Connect hands converters a field's default in place of its null. A
 * nullable column with a constant default suffers the same, but there a null and the constant cannot be told apart.
 */
export function standInOf(type: Json): string | number | undefined {
  if (!Array.isArray(type) || !type.includes('null')) return undefined;
  const [branch] = type.filter((candidate) => candidate !== 'null') as { readonly [name: string]: Json }[];
  if (!branch || !TIME.test(String(branch['connect.name']))) return undefined;
  const value = branch['connect.default'];
  if (value === 0) return value;
  return typeof value === 'string' && EPOCH.test(value) ? value : undefined;
}

/** A type in which one value means null. */
export function withStandIn(type: Compiled, standIn: string | number): Compiled {
  return {
    ...type,
    scalar: (c) => {
      const value = type.scalar(c);
      return value === standIn ? null : value;
    },
    json: (c) => {
      const value = type.json(c);
      return value === standIn ? null : value;
    },
    read: (c, cells) => {
      const begin = c.at;
      if (type.scalar(c) === standIn) return cells.null();
      c.at = begin;
      type.read(c, cells);
    },
  };
}
