import { openDynamoDb } from '../../src/app/dynamodb.ts';
import {
  canonicalJson,
  comparePositions,
  type DynamoDbTarget,
  type Json,
  type JsonObject,
} from '../../src/core/index.ts';
import { createModel, type Model } from '../../src/pipeline/in-memory/index.ts';
import { openItems } from './dynamodb-items.ts';
import { readTopicsWhole, sweptRows } from './oracle.ts';
import type { Rig } from './rig.ts';

/** A value whose lists have one order and whose objects have no null in them: what is the same to a reader. */
export function meaning(value: Json | undefined): Json {
  if (value === null || value === undefined || typeof value !== 'object') return value ?? null;
  if (Array.isArray(value))
    return (value as readonly Json[]).map(meaning).sort((x, y) => (canonicalJson(x) < canonicalJson(y) ? -1 : 1));
  const entries = Object.entries(value).filter(([, member]) => member !== null);
  return Object.fromEntries(entries.map(([name, member]) => [name, meaning(member)]));
}

const differing = (x: JsonObject, y: JsonObject): string[] =>
  [...new Set([...Object.keys(x), ...Object.keys(y)])].filter(
    (name) => canonicalJson(meaning(x[name])) !== canonicalJson(meaning(y[name])),
  );

/**
 * Waits until nothing is owed, then says what differs from transform(fold of source); empty when nothing does. What a
 * root that makes nothing now has made before stays as it was, and of which moment that is nobody can say.
 */
export async function dosDifferences(rig: Rig, seconds = 60): Promise<string[]> {
  await rig.settled(seconds);
  return differencesNow(rig);
}

/** The same of a rig that owes nothing. */
export async function differencesNow(rig: Rig): Promise<string[]> {
  const model = await foldOf(rig);
  const targets = rig.open.migration.flows.flatMap((flow) => flow.targets);
  const tables = new Map(targets.flatMap((target) => (target.kind === 'dynamodb' ? [[target.name, target]] : [])));
  const found: string[] = [];
  for (const target of tables.values()) found.push(...(await differencesOf(rig, target, model)));
  return [...found, ...(await contradictions(rig))];
}

async function foldOf(rig: Rig): Promise<Model> {
  const changes = [...(await readTopicsWhole(rig)), ...(await sweptRows(rig))];
  changes.sort((x, y) => comparePositions(x.position, y.position));
  if (changes.length === 0) throw new Error('the topics are empty');
  const model = createModel(rig.open.migration);
  for (const change of changes) model.apply(change);
  model.derive('2026-01-01T00:00:00.000000Z');
  return model;
}

async function differencesOf(rig: Rig, target: DynamoDbTarget, model: Model): Promise<string[]> {
  const wanted = model.documents().get(target.name) ?? new Map();
  const sink = openDynamoDb(rig.config, rig.open.migration);
  const held = new Map((await sink.read(target.name, [...wanted.keys()])).map(({ id, content }) => [id, content]));
  const found: string[] = [];
  for (const [id, { content }] of wanted) {
    const wrong = differing(held.get(id) ?? {}, content);
    if (wrong.length > 0) found.push(`${target.name} ${id}: ${held.has(id) ? wrong.join(', ') : 'missing'}`);
  }
  const known = await rig.open.pool.query<{ id: string; flow: string; root: string }>(
    'select id, flow, root from sluice.document where pipeline = $1 and target = $2 and not gone',
    [rig.open.name, target.name],
  );
  const making = new Set([...wanted.keys()].map((id) => rootOf(model, target.name, id)));
  for (const { id, flow, root } of known.rows)
    if (!wanted.has(id) && making.has(`${flow}/${root}`)) found.push(`${target.name} ${id}: should not be there`);
  return found;
}

function rootOf(model: Model, target: string, id: string): string {
  const owner = model.ownerOf({ target, id });
  return `${owner?.flow}/${owner?.root}`;
}

const AUDIT = ['created', 'createdBy', 'lastUpdated', 'lastUpdatedBy', 'field', 'sluice_revision'];
const bare = (item: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(item).filter(([name]) => !AUDIT.includes(name)));

const ENTITIES = [
  ['organisation', 'organisation'],
  ['location', 'location'],
  ['healthcare_service', 'healthcare-service'],
] as const;

/** A document and its state are written together, and each write of a document has one entry in the history. */
async function contradictions(rig: Rig): Promise<string[]> {
  const items = openItems(rig.config);
  const states = await items.all('data-migration-state');
  const history = await items.all('version-history');
  const found: string[] = [];
  for (const [name, table] of ENTITIES) {
    const documents = new Map((await items.all(table)).map((item) => [String(item.id), item]));
    const stated = new Set<string>();
    for (const state of states) {
      const inside = state[name] as JsonObject | null;
      if (!inside) continue;
      stated.add(String(inside.id));
      const document = documents.get(String(inside.id));
      const wrong = document ? differing(bare(inside), bare(document)) : ['all'];
      if (wrong.length > 0) found.push(`${state.source_record_id}: ${name} differs from its document: ${wrong.join()}`);
      if (Object.keys(inside).filter((field) => AUDIT.includes(field)).length !== 4)
        found.push(`${state.source_record_id}: ${name} has no audit fields`);
    }
    for (const [id] of documents) {
      if (!stated.has(id)) found.push(`${table} ${id}: in no state`);
      const entries = history.filter(({ entity_id: entity }) => entity === `${table}#${id}#document`);
      const made = entries.filter(({ change_type: type }) => type === 'CREATE').length;
      if (made !== 1) found.push(`${table} ${id}: ${made} entries of its making`);
    }
  }
  return found;
}

/**
 * Everything in the tables that does not depend on when, and in how many steps, it was written: what the rows make as
 * they are now. What was left by a root that makes nothing now is of whichever moments a run has derived.
 */
export async function finalTables(rig: Rig, workspace?: string): Promise<Map<string, string>> {
  const made = (await foldOf(rig)).documents();
  const isMade = (table: string, ...key: unknown[]): boolean =>
    made.get(`dynamodb.${table}`)?.has(key.length === 1 ? String(key[0]) : JSON.stringify(key)) === true;
  const items = openItems(rig.config, workspace);
  const held = new Map<string, string>();
  for (const table of ['organisation', 'location', 'healthcare-service', 'triage-code'])
    for (const item of (await items.all(table)).filter(({ id, field }) => isMade(table, id, field)))
      held.set(`${table} ${item.id} ${item.field}`, canonicalJson(meaning(bare(item))));
  // a state keeps the issues its service first came with, and with which it first comes is a matter of when
  for (const { version: _, validation_issues: __, ...state } of await items.all('data-migration-state')) {
    if (!isMade('data-migration-state', state.source_record_id)) continue;
    const nested = ENTITIES.map(([name]) => [name, state[name] ? bare(state[name] as JsonObject) : null]);
    const whole = { ...bare(state), ...Object.fromEntries(nested) };
    held.set(`state ${state.source_record_id}`, canonicalJson(meaning(whole)));
  }
  return held;
}
