import { canonicalJson, type Json, type JsonObject } from '../../core/index.ts';
import {
  combinationsId,
  type DosConfig,
  etl,
  type ItemWrite,
  type Note,
  type SourceRows,
  TABLE_TARGETS,
  triageStamps,
} from '../../migrations/dos/index.ts';
import type { TellNote } from '../notes.ts';
import { type HeldItem, type ItemStore, nameOf } from './items.ts';
import { deriveTriage } from './triage.ts';

export interface TriageSync {
  readonly config: DosConfig;
  readonly store: ItemStore;
  readonly now: () => string;
  readonly parallel: number;
  readonly signal?: AbortSignal;
}

export interface TriageCounts {
  /** rows of the source that codes are made of */
  readonly rows: number;
  readonly codes: number;
  readonly inserted: number;
  readonly updated: number;
  /** rows left out, and items that could not be written */
  readonly errors: number;
}

const target = TABLE_TARGETS.triageCode;
const entity = target.table;
const ROUNDS = 8;

/** Writes the triage codes that are new or not as their rows say. Codes whose rows are gone keep their items. */
export async function syncTriage(
  sync: TriageSync,
  rows: SourceRows,
  tell: TellNote = () => undefined,
): Promise<TriageCounts> {
  const derived = deriveTriage(rows, sync.config, sync.now());
  for (const { note, root } of derived.notes) tell(note, root);
  const wanted = new Map(derived.documents.map(({ document: { id, content }, root }) => [id, { id, content, root }]));
  const emptied = !sync.config.searchTriageCode
    ? []
    : (rows.symptomgroups ?? [])
        .map(({ id }) => ({ id: combinationsId(Number(id)), root: String(id) }))
        .filter(({ id }) => !wanted.has(id));
  const seen = new Map(await sync.store.read([...wanted.values(), ...emptied].map(({ id }) => ({ entity, id }))));
  // a group that lost its last discriminator keeps an empty list
  for (const { id, root } of emptied) {
    const held = seen.get(nameOf({ entity, id }))?.item;
    if (held) wanted.set(id, { id, root, content: { ...plain(held), combinations: [] } });
  }
  const read = Object.values(rows).reduce((sum, table) => sum + (table?.length ?? 0), 0);
  const count = { rows: read, codes: wanted.size, inserted: 0, updated: 0, errors: derived.errors };
  const queue = wanted.values();
  const work = async (): Promise<void> => {
    for (const code of queue) {
      if (sync.signal?.aborted) return;
      const done = await writeCode(sync, code, seen);
      if (done === 'refused' || done === 'lost') {
        count.errors += 1;
        for (const note of NOTES[done]) tell(note, code.root);
      } else if (done !== 'same') count[done] += 1;
    }
  };
  await Promise.all(Array.from({ length: sync.parallel }, work));
  return count;
}

/** what is told of an item that could not be written */
const NOTES: Readonly<Record<'refused' | 'lost', readonly Note[]>> = {
  refused: [
    etl('041', { transact_items: 1, response: 'ValidationException' }),
    etl('008', { error: 'ddb_validation' }),
  ],
  lost: [etl('022', { response: ['ConditionalCheckFailed'] }), etl('008', { error: 'transaction_cancelled' })],
};

interface Code {
  readonly id: string;
  readonly root: string;
  readonly content: JsonObject;
}

async function writeCode(
  { store, now }: TriageSync,
  { id, content }: Code,
  seen: Map<string, HeldItem>,
): Promise<'inserted' | 'updated' | 'same' | 'refused' | 'lost'> {
  const key = { entity, id };
  for (let round = 0; round < ROUNDS; round += 1) {
    if (round > 0) {
      seen.delete(nameOf(key));
      for (const [name, held] of await store.read([key])) seen.set(name, held);
    }
    const { item: before = null, revision = null } = seen.get(nameOf(key)) ?? {};
    const isStreamed = revision !== null && revision > 0n;
    if (isStreamed || (before !== null && canonicalJson(plain(before)) === canonicalJson(content))) return 'same';
    const at = now();
    const stamps = triageStamps(at);
    const { created = stamps.created ?? null, createdBy = stamps.createdBy ?? null } = before ?? {};
    const after = { ...content, ...stamps, created, createdBy };
    const write: ItemWrite = { entity, id, before, after };
    const result = await store.write([write], seen, at);
    if (result === 'refused') return 'refused';
    if (result === 'written') return before === null ? 'inserted' : 'updated';
  }
  return 'lost';
}

/** An item without its audit fields. */
const plain = (item: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(item).filter(([name]) => !AUDIT.has(name))) as Record<string, Json>;

const AUDIT: ReadonlySet<string> = new Set(target.stamps ?? []);
