import { canonicalJson, type Json, type JsonObject } from '../../../core/index.ts';
import { isScalar, pairing, type Scalar } from './pairing.ts';

interface Found {
  readonly values: Record<string, JsonObject>;
  readonly types: Record<string, JsonObject>;
  readonly keysAdded: string[];
  readonly keysRemoved: string[];
  readonly itemsAdded: Record<string, Json>;
  readonly itemsRemoved: Record<string, Json>;
}

const nothing = (): Found => ({
  values: {},
  types: {},
  keysAdded: [],
  keysRemoved: [],
  itemsAdded: {},
  itemsRemoved: {},
});

/** How the readers of the history, who are written in Python, call the kinds of values. */
function typeOf(value: Json): string {
  if (value === null) return 'NoneType';
  if (Array.isArray(value)) return 'list';
  return { boolean: 'bool', number: 'Decimal', string: 'str' }[typeof value as string] ?? 'dict';
}

/**
 * What has changed from one value to another, in the words of the library the history's readers know: changed values,
 * changed types, keys of objects and items of lists that came or went. The order of a list counts. Null: nothing.
 */
export function deltaOf(before: Json, after: Json): JsonObject | null {
  const found = nothing();
  compare('root', before, after, found);
  const parts: [string, Json][] = [
    ['values_changed', found.values],
    ['type_changes', found.types],
    ['dictionary_item_added', found.keysAdded],
    ['dictionary_item_removed', found.keysRemoved],
    ['iterable_item_added', found.itemsAdded],
    ['iterable_item_removed', found.itemsRemoved],
  ];
  const told = parts.filter(([, part]) => Object.keys(part as object).length > 0);
  return told.length === 0 ? null : Object.fromEntries(told);
}

function compare(path: string, before: Json, after: Json, found: Found): void {
  const [old_type, new_type] = [typeOf(before), typeOf(after)];
  if (old_type !== new_type) {
    found.types[path] = { old_type, new_type, old_value: before, new_value: after };
  } else if (Array.isArray(before) && Array.isArray(after)) {
    compareLists(path, before, after, found);
  } else if (old_type === 'dict') {
    compareObjects(path, before as JsonObject, after as JsonObject, found);
  } else if (before !== after) {
    found.values[path] = { new_value: after, old_value: before };
  }
}

function compareObjects(path: string, before: JsonObject, after: JsonObject, found: Found): void {
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [old, now] = [before[name], after[name]];
    const place = `${path}['${name}']`;
    if (old === undefined) found.keysAdded.push(place);
    else if (now === undefined) found.keysRemoved.push(place);
    else compare(place, old, now, found);
  }
}

/** Lists of plain values are laid side by side as well as they fit, others place by place. */
function compareLists(path: string, before: readonly Json[], after: readonly Json[], found: Found): void {
  const plain = before.every(isScalar) && after.every(isScalar);
  const pairs = plain ? pairing(before as readonly Scalar[], after as readonly Scalar[]) : byPlace(before, after);
  for (const [from, to] of pairs) {
    const [old, now] = [from === null ? undefined : before[from], to === null ? undefined : after[to]];
    if (old === undefined) found.itemsAdded[`${path}[${to}]`] = now ?? null;
    else if (now === undefined) found.itemsRemoved[`${path}[${from}]`] = old;
    else if (canonicalJson(old) !== canonicalJson(now)) compare(`${path}[${from}]`, old, now, found);
  }
}

type Pair = readonly [from: number | null, to: number | null];

function byPlace(before: readonly Json[], after: readonly Json[]): readonly Pair[] {
  const length = Math.max(before.length, after.length);
  return Array.from({ length }, (_, n) => [n < before.length ? n : null, n < after.length ? n : null]);
}
