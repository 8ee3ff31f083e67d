import type { Json, JsonObject } from '../../core/index.ts';

export interface RedactOptions {
  /** another name for an id, always the same one */
  readonly pseudonym: (uuid: string) => string;
  /** all times are moved by so many days */
  readonly shiftDays: number;
}

/** Texts that say what kind of thing something is, never of whom. Every other text goes. */
const KEPT: ReadonlySet<string> = new Set([
  ...['resourceType', 'system', 'code', 'use', 'status', 'intent', 'mode', 'url', 'type', 'linkId', 'version', 'unit'],
  ...[
    'priority',
    'contentType',
    'language',
    'questionnaire',
    'required',
    'action',
    'outcome',
    'versionId',
    'comparator',
  ],
  ...['docStatus', 'profile', 'role', 'valueCode', 'valueUri', 'rank', 'size'],
]);
/** What displays in here is a word for a code; anywhere else it may be a name. */
const CODED: ReadonlySet<string> = new Set(['coding', 'tag', 'security', 'activity']);
const NAMED: ReadonlySet<string> = new Set(['id', 'reference', 'fullUrl']);
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const TIME = /^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d))?$/;
const DAY_MS = 86_400_000;

/** A resource without what tells of whom it is: still valid, its references still meet, its times still in order. */
export function redactResource(resource: JsonObject, options: RedactOptions): JsonObject {
  return redacted(resource, '', '', options) as JsonObject;
}

function redacted(value: Json, key: string, parent: string, options: RedactOptions): Json {
  if (Array.isArray(value)) return value.map((one: Json) => redacted(one, key, parent, options));
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [name, redacted(inner as Json, name, key, options)]),
    );
  return typeof value === 'string' ? redactedText(value, key, parent, options) : value;
}

function redactedText(text: string, key: string, parent: string, { pseudonym, shiftDays }: RedactOptions): string {
  if (NAMED.has(key)) return text.replace(UUID, pseudonym);
  if (key === 'birthDate') return text.slice(0, 4);
  if (key === 'div') return '<div xmlns="http://www.w3.org/1999/xhtml">redacted</div>';
  if (key === 'url' && parent === 'attachment') return 'https://redacted.example/';
  if (KEPT.has(key) || (key === 'display' && CODED.has(parent))) return text.replace(UUID, pseudonym);
  return TIME.test(text) ? shifted(text, shiftDays) : 'redacted';
}

/** The day alone is moved, so that what follows it stays as exact as it was. */
function shifted(text: string, days: number): string {
  const moved = Date.parse(`${text.slice(0, 10)}T00:00:00Z`) + days * DAY_MS;
  return Number.isNaN(moved) ? 'redacted' : new Date(moved).toISOString().slice(0, 10) + text.slice(10);
}
