import { canonicalJson, type Json, type JsonObject } from '../../core/index.ts';

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Paths at which two contents differ, each once; a place in a list is written `[]`. Lists of unequal length differ as
 * lists, for nobody can say which member became which.
 */
export function differingPaths(live: Json | undefined, shadow: Json | undefined, path = ''): ReadonlySet<string> {
  const found = new Set<string>();
  const add = (paths: Iterable<string>): void => {
    for (const one of paths) found.add(one);
  };
  if (isObject(live) && isObject(shadow)) {
    for (const name of new Set([...Object.keys(live), ...Object.keys(shadow)]))
      add(differingPaths(live[name], shadow[name], path === '' ? name : `${path}.${name}`));
  } else if (Array.isArray(live) && Array.isArray(shadow) && live.length === shadow.length) {
    live.forEach((value, i) => {
      add(differingPaths(value, shadow[i], `${path}[]`));
    });
  } else if (canonicalJson(live ?? null) !== canonicalJson(shadow ?? null)) found.add(path);
  return found;
}

/** Of a row the columns that documents have as content; stamps follow a write and are no difference. */
export const pick = (row: JsonObject, columns: ReadonlySet<string>): JsonObject =>
  Object.fromEntries(Object.entries(row).filter(([name]) => columns.has(name)));
