import type { Json, JsonObject } from '../../../core/index.ts';
import { etl, type Note } from '../notes.ts';

/** What one message asks for. */
export type EventReading =
  | { readonly kind: 'sync'; readonly service: number }
  /** well formed, and nothing for us: acknowledged with a warning */
  | { readonly kind: 'ignored'; readonly note: Note }
  /** not to be understood: handed back to its queue */
  | { readonly kind: 'bad'; readonly note: Note };

const TYPE = 'dms_event';
/** Of these tables changes are told; all others reach a service by the stream alone. */
const SERVICES = 'services';
const ENDPOINTS = 'serviceendpoints';
const METHODS = ['insert', 'update'];

const asObject = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};

/** An id as a number or as its digits; null for anything else. */
function idOf(value: unknown): number | null {
  const id = typeof value === 'string' && /^\s*[+-]?\d+\s*$/.test(value) ? Number(value) : value;
  return Number.isSafeInteger(id) ? (id as number) : null;
}

/** longer than the name of any table */
const TOLD = 64;

/** What a stranger wrote, no longer than a line of a log should be. */
const told = (text: string): string => (text.length > TOLD ? `${text.slice(0, TOLD)}…` : text);

const FIELDS = ['type', 'record_id', 'service_id', 'table_name', 'method'];

/** The fields an event should have, as far as they are text or numbers; whatever else is in it is nobody's business. */
function eventTold(event: Readonly<Record<string, unknown>>): JsonObject {
  const found = FIELDS.flatMap((name): [string, Json][] => {
    const value = event[name];
    if (typeof value === 'string') return [[name, told(value)]];
    return typeof value === 'number' || value === null ? [[name, value]] : [];
  });
  return Object.fromEntries(found);
}

/** Reads the parsed body of a message, out of the wrapper the database's trigger puts around it. */
export function readEvent(body: unknown): EventReading {
  const outer = asObject(body);
  const event = outer.source === 'aurora_trigger' ? asObject(outer.event) : outer;
  const { type = TYPE, table_name: table, method } = event;
  const record = idOf(event.record_id);
  // those who send the older form leave the service out: the record is the service
  const service = event.service_id === undefined ? record : idOf(event.service_id);
  if (type !== TYPE || record === null || service === null || typeof table !== 'string' || typeof method !== 'string')
    return { kind: 'bad', note: etl('009', { error: 'model_validation', event: eventTold(event) }) };
  if (table === ENDPOINTS) return { kind: 'sync', service };
  if (table !== SERVICES)
    return {
      kind: 'ignored',
      note: etl('011', { table_name: told(table), method: told(method), event: eventTold(event) }),
    };
  if (!METHODS.includes(method.toLowerCase()))
    return { kind: 'ignored', note: etl('010', { method: told(method), event: eventTold(event) }) };
  return { kind: 'sync', service: record };
}
