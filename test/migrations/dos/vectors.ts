import { fillQueue } from '../../../src/app/dos/queue.ts';
import { canonicalJson, type Json, type JsonObject } from '../../../src/core/index.ts';
import {
  countsOf,
  type DosConfig,
  levelOf,
  type Note,
  type QueueEntry,
  type Synced,
  versionEntry,
} from '../../../src/migrations/dos/index.ts';
import { type Changes, Directory, type Tables } from './directory.ts';
import { Stream } from './flows.ts';
import type { EventCase, QueueCase, Result, ServiceCase, TriageCase } from './vector-cases.ts';

const DECIMAL = /^-?\d+(\.\d+)?(E[+-]?\d+)?$/;
/** Index keys the reference stores as null and DynamoDB refuses. */
const SPARSE = new Set(['providedBy', 'location']);

/** One form of what counts as equal: decimals by value, null index keys absent, texts that are never compared alike. */
export function comparable(value: unknown, ordered: boolean): Json {
  if (typeof value === 'string') return DECIMAL.test(value) ? `decimal ${Number(value)}` : value;
  if (value === null || typeof value !== 'object') return (value ?? null) as Json;
  if (Array.isArray(value)) {
    const members = value.map((member) => comparable(member, ordered));
    return ordered ? members : members.sort((x, y) => (canonicalJson(x) < canonicalJson(y) ? -1 : 1));
  }
  const members = Object.entries(value)
    .filter(([name, member]) => !(SPARSE.has(name) && member === null))
    .map(([name, member]) => [name, name === 'diagnostics' ? '*' : comparable(member, ordered)]);
  return Object.fromEntries(members);
}

/** Names what differs; empty when nothing does. */
export class Differences {
  readonly found: string[] = [];

  add(what: string, got: unknown, wanted: unknown, ordered = true): void {
    const [is, should] = [got, wanted].map((value) => canonicalJson(comparable(value, ordered)));
    if (is === undefined || should === undefined || is === should) return;
    const first = [...is].findIndex((character, place) => character !== should[place]);
    const around = (text: string): string => text.slice(Math.max(0, first - 40), first + 160);
    this.found.push(`${what}: …${around(is)}… and not …${around(should)}…`);
  }
}

type Soon<T> = T | Promise<T>;

/** What a case is run through: source tables and target tables, in memory or on a server. */
export interface Subject {
  config: DosConfig;
  load(tables: Tables): unknown;
  apply(changes: Changes): void;
  exists(id: number): boolean;
  sync(id: number, at?: string): Soon<Synced>;
  deleteDocuments(id: number): Soon<void>;
  deleteState(id: number): Soon<void>;
  /** Somebody else writes the state of a service, while the next sync is between reading and writing where it can be. */
  raiseVersion(id: number): Soon<void>;
  /** every item by table and key, without the version history */
  items(): Soon<ReadonlyMap<string, JsonObject>>;
}

/** Runs a case through the rules, one service after the other; what comes out otherwise than the reference says. */
export async function runCase(
  vector: ServiceCase,
  reference: Tables,
  directory: Subject = new Directory(),
): Promise<readonly string[]> {
  directory.load(reference);
  directory.load(vector.source);
  const differences = new Differences();
  directory.config = { ...directory.config, ...vector.flags };
  let wasUpdated = false;
  for (const [number, { step, at, result }] of vector.timeline.entries()) {
    if (step.do === 'apply') directory.apply(step.changes);
    else if (step.do === 'flags') directory.config = { ...directory.config, ...step.flags };
    else if (step.do === 'delete_docs') await directory.deleteDocuments(step.id);
    else if (step.do === 'delete_state') await directory.deleteState(step.id);
    else if (step.do === 'race_state') await directory.raiseVersion(step.id);
    else if (result) {
      const synced = await directory.sync(step.id, at);
      wasUpdated ||= synced.outcome === 'updated';
      compareResult(`step ${number}`, synced, result, at ?? '', differences);
    }
  }
  const wanted = expectedItems(vector);
  const items = await directory.items();
  for (const name of new Set([...wanted.keys(), ...items.keys()]))
    differences.add(name.split('/')[0] ?? '', items.get(name), wanted.get(name), !wasUpdated);
  return differences.found;
}

const ENTITIES = ['organisation', 'location', 'healthcare-service'];

function compareResult(step: string, synced: Synced, result: Result, at: string, differences: Differences): void {
  const check = (what: string, got: unknown, wanted: unknown, ordered = true): void =>
    differences.add(`${step} ${what}`, got, wanted, ordered);
  check('outcome', synced.outcome, result.outcome);
  check('transformer', synced.transformer, result.transformer);
  check('refusals', synced.rejectedBy, result.rejectedBy);
  check('reason', synced.reason, result.skipped?.reason);
  check('error', synced.error, result.error);
  const withText = result.issues.map((issue) => ({ diagnostics: '', ...issue }));
  check('issues', synced.issues, withText);
  const counted = Object.entries(countsOf(synced)).filter(([, count]) => count > 0);
  check('counts', Object.fromEntries(counted), result.metrics);
  check(
    'codes',
    synced.notes.map(({ code }) => code),
    result.logCodes,
  );
  for (const [place, { code, level, fields }] of result.logs.entries()) {
    check(`${code} level`, levelOf(synced.notes[place]?.code ?? ''), level);
    compareFields(`${step} ${code}`, synced.notes[place]?.fields ?? {}, fields, differences);
  }
  const written = synced.transactions.map((writes) => writes.map(({ entity, id }) => `${entity} ${id}`));
  const keyOf = (key: JsonObject): Json | undefined => key.id ?? key.source_record_id;
  const expected = result.writes.map((writes) => writes.map(({ entity, key }) => `${entity} ${keyOf(key)}`));
  check('writes', written, expected);
  const history = synced.transactions
    .flat()
    .filter(({ entity }) => ENTITIES.includes(entity))
    .map(({ entity, before, after }) => versionEntry({ entity, before, after, at }))
    .filter((entry) => entry !== null);
  check('history', history, result.versionHistory, false);
}

/** Each field is there; what it says is compared unless any text will do. */
function compareFields(what: string, got: JsonObject, wanted: JsonObject, differences: Differences): void {
  for (const [name, value] of Object.entries(wanted)) {
    if (got[name] === undefined) differences.add(`${what} ${name}`, 'left out', 'there');
    else if (value !== '...' && value !== '*') differences.add(`${what} ${name}`, got[name], value);
  }
}

function expectedItems({ expected }: Pick<ServiceCase, 'expected'>): ReadonlyMap<string, JsonObject> {
  const items = new Map<string, JsonObject>();
  const put = (table: string, item: JsonObject | null): void => {
    if (item) items.set(`${table}/${item.source_record_id ?? item.id}`, item);
  };
  put('organisation', expected.organisation);
  for (const item of expected.location) put('location', item);
  for (const item of expected.healthcareService) put('healthcare-service', item);
  put('data-migration-state', expected.state);
  for (const [table, others] of Object.entries(expected.otherDocuments))
    for (const item of Object.values(others)) put(table, item);
  return items;
}

const AUDIT = ['created', 'createdBy', 'lastUpdated', 'lastUpdatedBy'];

const withoutAudit = (item: JsonObject | undefined): JsonObject | undefined =>
  item && Object.fromEntries(Object.entries(item).filter(([name]) => !AUDIT.includes(name)));

/** Do the flows of the stream come to the same items of a service as a sync of that service does? */
export function compareFlow(vector: ServiceCase, reference: Tables): readonly string[] {
  const directory = new Directory().load(reference).load(vector.source);
  directory.config = { ...directory.config, ...vector.flags };
  const stream = new Stream(vector.flags).load(reference).load(vector.source);
  for (const { step, at } of vector.timeline) {
    if (step.do === 'apply') directory.apply(step.changes);
    if (step.do === 'apply') stream.apply(step.changes);
    if (step.do === 'sync') directory.sync(step.id, at);
  }
  const key = `services#${vector.target}`;
  const differences = new Differences();
  const [synced, streamed] = [
    directory.table('data-migration-state').get(key),
    stream.item('data-migration-state', key),
  ];
  differences.add('moved', streamed !== undefined, synced !== undefined);
  for (const entity of ENTITIES) {
    const id = String(synced?.[`${entity.replace('-', '_')}_id`] ?? '');
    const item = directory.table(entity).get(id);
    differences.add(entity, withoutAudit(stream.item(entity, id, 'document')), withoutAudit(item), false);
  }
  return differences.found;
}

/** @param gaveUp the reference stopped half-way, where we go on: there are more items */
function compareTriage(items: Items, wanted: readonly JsonObject[], gaveUp: boolean, differences: Differences): void {
  for (const item of wanted) {
    const key = JSON.stringify([item.id ?? null, item.field ?? null]);
    differences.add(key, items.get(key), item);
  }
  if (!gaveUp) differences.add('number of items', items.size, wanted.length);
}

/** Runs the flows of triage over a case. */
export function runTriage({ flags, source, expected, afterChange }: TriageCase): readonly string[] {
  const stream = new Stream(flags).load(source);
  const differences = new Differences();
  compareTriage(stream.items('triage-code'), expected.triageCodes, expected.raised !== null, differences);
  if (afterChange) {
    stream.apply(afterChange.changes);
    compareTriage(stream.items('triage-code'), afterChange.triageCodes, false, differences);
  }
  return differences.found;
}

/** Loads the triage codes of a case, as a full sync does, and once more after they changed. */
export async function runTriageOn(
  subject: Subject & { syncTriage(at: string): Promise<void> },
  { flags, source, expected, afterChange }: TriageCase,
): Promise<readonly string[]> {
  const at = '2026-03-13T09:00:00.123456Z';
  const differences = new Differences();
  subject.config = { ...subject.config, ...flags };
  const items = async () =>
    new Map([...(await subject.items())].map(([name, item]) => [name.replace('triage-code/', ''), item]));
  subject.load(source);
  await subject.syncTriage(at);
  compareTriage(await items(), expected.triageCodes, expected.raised !== null, differences);
  if (afterChange) {
    subject.apply(afterChange.changes);
    await subject.syncTriage(at);
    compareTriage(await items(), afterChange.triageCodes, false, differences);
  }
  return differences.found;
}

type Items = ReadonlyMap<string, JsonObject>;

/** What does what messages ask for. */
interface Handler extends Subject {
  handle(
    bodies: readonly unknown[],
    at: string,
  ): Promise<{ readonly notes: readonly Note[]; readonly failed: readonly string[] }>;
}

/** Runs a batch of messages: what they ask for, which are handed back, and what that comes to. */
export async function runEvents(vector: EventCase, reference: Tables, subject: Handler): Promise<readonly string[]> {
  subject.load(reference);
  subject.load(vector.source);
  subject.config = { ...subject.config, ...vector.flags };
  const [{ step, at, result }] = vector.timeline;
  const { notes, failed } = await subject.handle(step.records, at);
  const differences = new Differences();
  differences.add(
    'codes',
    notes.map(({ code }) => code),
    result.logCodes,
  );
  for (const [place, { code, level, fields }] of result.logs.entries()) {
    const { code: told = '', fields: got = {} } = notes[place] ?? {};
    differences.add(`${code} level`, levelOf(told), level);
    // both sets of counters are told, the reference has one
    const counters = Object.keys((fields.metrics ?? {}) as JsonObject);
    const metrics = Object.entries((got.metrics ?? {}) as JsonObject).filter(([name]) => counters.includes(name));
    compareFields(code, got.metrics ? { ...got, metrics: Object.fromEntries(metrics) } : got, fields, differences);
  }
  // the reference raises when it can do nothing with any
  differences.add('raised', failed.length === step.records.length, result.raised !== undefined);
  const handedBack = result.response?.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
  differences.add('failures', failed, handedBack ?? failed);
  const [items, wanted] = [await subject.items(), expectedItems(vector)];
  for (const name of new Set([...wanted.keys(), ...items.keys()]))
    differences.add(name.split('/')[0] ?? '', items.get(name), wanted.get(name));
  return differences.found;
}

/** Fills a queue: which messages in which batches, what is told of it, and which are not taken. */
export async function runQueue({ input, source, failIds, expected }: QueueCase): Promise<readonly string[]> {
  const request = {
    typeIds: input.type_ids,
    statusIds: input.status_ids,
    fullSync: input.full_sync,
    recordId: input.record_id,
    serviceId: input.service_id,
    tableName: input.table_name,
  };
  const batches: (readonly QueueEntry[])[] = [];
  const logs: { code: string; level: string; count: Json }[] = [];
  const refused = new Set(failIds);
  const tried = new Set<string>();
  const send = async (batch: readonly QueueEntry[]): Promise<readonly string[]> => {
    if (batch.some(({ id }) => !tried.has(id))) batches.push(batch);
    for (const { id } of batch) tried.add(id);
    return batch.map(({ id }) => id).filter((id) => refused.has(id));
  };
  const filled = await fillQueue({
    request,
    source: { kinds: async (after) => source.services.filter(({ id }) => id > after) },
    out: { name: 'http://q', send, close: async () => undefined },
    clock: { now: () => 0, sleep: async () => undefined },
    tell: ({ code, fields }) => void logs.push({ code, level: levelOf(code), count: fields.count ?? null }),
  });
  const differences = new Differences();
  const told = batches.map((batch) => batch.map(({ id, body }) => ({ Id: id, MessageBody: body })));
  const first = (batch: readonly { readonly Id?: unknown }[]): string => String(batch[0]?.Id);
  const inOrder = [...told].sort((x, y) => (first(x) < first(y) ? -1 : 1));
  const wanted = expected.batches.map(({ Entries }) => Entries).sort((x, y) => (first(x) < first(y) ? -1 : 1));
  differences.add('batches', inOrder, wanted);
  differences.add('logs', logs, expected.logs, false);
  const failing = told.flat().filter(({ Id }) => refused.has(Id));
  differences.add('failed', [...filled.failed].sort(), failing.map(({ Id }) => Id).sort());
  return differences.found;
}
