import type { Json, JsonObject } from '../../src/core/index.ts';
import { chance } from './chance.ts';

export interface Mutation {
  readonly resource: JsonObject;
  /** what was done, and to which element; never what stood there */
  readonly did: string;
}

interface Place {
  readonly holder: Record<string, Json>;
  readonly name: string;
  readonly path: string;
}

/** Every member of every object of a resource, but its type. */
function placesOf(node: Json, path: string): readonly Place[] {
  if (Array.isArray(node)) return node.flatMap((one: Json) => placesOf(one, path));
  if (node === null || typeof node !== 'object') return [];
  const holder = node as Record<string, Json>;
  return Object.keys(holder)
    .filter((name) => name !== 'resourceType')
    .flatMap((name) => [
      { holder, name, path: `${path}.${name}` },
      ...placesOf(holder[name] ?? null, `${path}.${name}`),
    ]);
}

type Change = (place: Place) => void;

const set =
  (make: (old: Json) => Json): Change =>
  ({ holder, name }) => {
    holder[name] = make(holder[name] ?? null);
  };

/** What people and programs do to a resource. Not all of it makes it wrong: that is for the reference to say. */
const CHANGES: Readonly<Record<string, Change>> = {
  'left out': ({ holder, name }) => delete holder[name],
  'spelt otherwise': ({ holder, name }) => {
    holder[`${name}x`] = holder[name] ?? null;
    delete holder[name];
  },
  'an empty text': set(() => ''),
  'an empty list': set(() => []),
  'an empty object': set(() => ({})),
  null: set(() => null),
  'a number': set(() => 7),
  'yes or no': set(() => true),
  'an unknown word': set(() => 'nobody-knows-this'),
  'a list of it': set((old) => [old]),
  'the first of it': set((old) => (Array.isArray(old) ? (old[0] ?? null) : old)),
  'twice in a list': set((old) => (Array.isArray(old) ? [...old, ...old] : [old, old])),
  'a day that is none': set((old) => (typeof old === 'string' ? '2026-02-30' : old)),
  'a time without a zone': set((old) => (typeof old === 'string' ? '2026-03-01T10:00:00' : old)),
  'another type of reference': set((old) =>
    typeof old === 'string' ? old.replace(/^[A-Z]\w+\//, 'Medication/') : old,
  ),
  'a member nobody knows': ({ holder, name }) => {
    const inside = holder[name];
    const target = inside !== null && typeof inside === 'object' && !Array.isArray(inside) ? inside : holder;
    (target as Record<string, Json>)['unheardOf'] = 'x';
  },
};

/** So many resources, each with one thing changed; the same again for the same seed. */
export function mutations(valid: readonly JsonObject[], count: number, seed: number): readonly Mutation[] {
  const draw = chance(seed);
  const one = <T>(list: readonly T[]): T => list[Math.floor(draw() * list.length)] as T;
  const made: Mutation[] = [];
  while (made.length < count) {
    const original = one(valid);
    const resource = structuredClone(original) as JsonObject;
    const place = one(placesOf(resource as Json, String(resource['resourceType'])));
    const [name, change] = one(Object.entries(CHANGES));
    change(place);
    // a change that changed nothing is drawn again
    if (JSON.stringify(resource) !== JSON.stringify(original)) made.push({ resource, did: `${place.path}: ${name}` });
  }
  return made;
}
