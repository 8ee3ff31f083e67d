import type { Json, JsonObject } from '../../core/index.ts';

/** A value as DynamoDB's protocol writes it: its type's letters and the value, numbers as text. */
export type Attribute = { readonly [type: string]: Json };
export type Item = { readonly [name: string]: Attribute };

export const marshalled = (object: JsonObject): Item =>
  Object.fromEntries(Object.entries(object).map(([name, value]) => [name, attributeOf(value)]));

function attributeOf(value: Json): Attribute {
  if (value === null) return { NULL: true };
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'boolean') return { BOOL: value };
  if (typeof value === 'number') return { N: String(value) };
  if (Array.isArray(value)) return { L: (value as readonly Json[]).map(attributeOf) };
  return { M: marshalled(value as JsonObject) };
}

export const unmarshalled = (item: Item): JsonObject =>
  Object.fromEntries(Object.entries(item).map(([name, attribute]) => [name, plainOf(attribute)]));

/** Sets and binary values are never ours; as lists and Base64 they can still be compared. */
function plainOf(attribute: Attribute): Json {
  const [type, value] = Object.entries(attribute)[0] ?? ['NULL', true];
  if (type === 'NULL') return null;
  if (type === 'N') return numberOf(value as string);
  if (type === 'NS') return (value as readonly string[]).map(numberOf);
  if (type === 'L') return (value as readonly Attribute[]).map(plainOf);
  if (type === 'M') return unmarshalled(value as Item);
  return value;
}

/** Text where a JavaScript number would be another: DynamoDB keeps 38 digits. */
function numberOf(text: string): Json {
  const number = Number(text);
  if (Number.isInteger(number)) return Number.isSafeInteger(number) && !text.includes('.') ? number : text;
  const digits = text
    .replace(/[eE].*$/, '')
    .replace(/\D/g, '')
    .replace(/^0+/, '');
  return digits.length <= 15 && Number.isFinite(number) ? number : text;
}
