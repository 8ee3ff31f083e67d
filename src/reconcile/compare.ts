import { canonicalJson, type Difference, type DifferenceClass, type Json, type JsonObject } from '../core/index.ts';

export interface Compared {
  readonly differences: readonly Difference[];
  /** leaves that were looked at: what a mismatch ratio is a share of */
  readonly fields: number;
  /** those of them that differ: more than there are paths, where members of one list do */
  readonly mismatched: number;
}

export interface CompareOptions {
  /** lists are sets: their order says nothing */
  readonly unordered: boolean;
  /** an absent member and null are one */
  readonly nullIsAbsent: boolean;
}

/** Most paths that are kept of one document: the first ones tell enough. */
const MOST = 50;

/** Where two documents in canonical form differ, by path. Values are never part of the answer. Pure. */
export function compareDocuments(expected: JsonObject, actual: JsonObject, options: CompareOptions): Compared {
  const walk = new Walk(options);
  walk.values(expected, actual, '');
  const { differences, fields, mismatched } = walk;
  return { differences: [...differences.values()], fields: Math.max(1, fields), mismatched };
}

class Walk {
  readonly differences = new Map<string, Difference>();
  fields = 0;
  mismatched = 0;
  readonly #options: CompareOptions;

  constructor(options: CompareOptions) {
    this.#options = options;
  }

  values(x: Json | undefined, y: Json | undefined, path: string): void {
    const nothing = this.#options.nullIsAbsent ? null : undefined;
    const [left, right] = [x === nothing ? undefined : x, y === nothing ? undefined : y];
    if (left === undefined || right === undefined) {
      if (left !== right) this.#note(path, left === undefined ? 'extra' : 'missing');
    } else if (shapeOf(left) !== shapeOf(right)) {
      this.#note(path, left === null ? 'extra' : right === null ? 'missing' : 'type');
    } else if (Array.isArray(left)) this.#lists(left as readonly Json[], right as readonly Json[], `${path}[]`);
    else if (left !== null && typeof left === 'object') this.#objects(left as JsonObject, right as JsonObject, path);
    else if (left === right) this.fields += 1;
    else this.#note(path, 'value');
  }

  #objects(x: JsonObject, y: JsonObject, path: string): void {
    for (const name of new Set([...Object.keys(x), ...Object.keys(y)]))
      this.values(x[name], y[name], path === '' ? name : `${path}.${name}`);
  }

  #lists(x: readonly Json[], y: readonly Json[], path: string): void {
    const [left, right] = this.#options.unordered ? withoutCommon(x, y, this.#options) : [x, y];
    this.fields += x.length - left.length;
    for (let i = 0; i < Math.max(left.length, right.length); i++) this.values(left[i], right[i], path);
  }

  #note(path: string, of: DifferenceClass): void {
    this.fields += 1;
    this.mismatched += 1;
    if (this.differences.size < MOST) this.differences.set(`${path}\u001f${of}`, { path, class: of });
  }
}

const shapeOf = (value: Json): string => (value === null ? 'null' : Array.isArray(value) ? 'list' : typeof value);

/** What is left of two sets when equal members are taken out of both, each as often as it is in both. */
function withoutCommon(
  x: readonly Json[],
  y: readonly Json[],
  options: CompareOptions,
): [readonly Json[], readonly Json[]] {
  const form = (value: Json): string => canonicalJson(asSet(value, options));
  const counts = new Map<string, number>();
  for (const value of y) counts.set(form(value), (counts.get(form(value)) ?? 0) + 1);
  const left = x.filter((value) => !take(counts, form(value)));
  const back = new Map<string, number>();
  for (const value of x) back.set(form(value), (back.get(form(value)) ?? 0) + 1);
  const right = y.filter((value) => !take(back, form(value)));
  return [left, right];
}

function take(counts: Map<string, number>, name: string): boolean {
  const left = counts.get(name) ?? 0;
  if (left === 0) return false;
  counts.set(name, left - 1);
  return true;
}

/** A value in which equal sets are equal texts. */
export function asSet(value: Json, options: CompareOptions): Json {
  if (Array.isArray(value)) {
    const members = (value as readonly Json[]).map((member) => asSet(member, options));
    return options.unordered ? members.sort((x, y) => (canonicalJson(x) < canonicalJson(y) ? -1 : 1)) : members;
  }
  if (value === null || typeof value !== 'object') return value;
  const members = Object.entries(value as JsonObject).filter(([, one]) => one !== null || !options.nullIsAbsent);
  return Object.fromEntries(members.map(([name, one]) => [name, asSet(one, options)]));
}
