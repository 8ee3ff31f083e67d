import { systemClock } from '../../src/app/clock.ts';
import { openReader } from '../../src/app/wire.ts';
import {
  type ChangeEvent,
  canonicalJson,
  comparePositions,
  type Document,
  type JsonObject,
  type Migration,
  type PostgresTarget,
  SluiceError,
  type SourceRecord,
  silentLog,
  topicOf,
} from '../../src/core/index.ts';
import { createModel, type Model } from '../../src/pipeline/in-memory/index.ts';
import { createFhirSink } from '../../src/sinks/fhir/index.ts';
import { landedTables } from '../../src/sinks/postgres/landed-tables.ts';
import type { Rig } from './rig.ts';

/** A record nobody can read holds no change. */
function undecodable(error: unknown): null {
  if (error instanceof SluiceError && error.disposition !== 'retry') return null;
  throw error;
}

/** Every change in the raw topics from their beginning to their end now, in the order of commit. */
export async function readTopicsWhole(rig: Rig): Promise<ChangeEvent[]> {
  const { migration } = rig.open;
  const group = `oracle-${Math.random().toString(36).slice(2)}`;
  const { client, decoder } = openReader(rig.config, migration, group, silentLog);
  const open = new Map<string, bigint>();
  for (const table of migration.tables) {
    const topic = topicOf(migration.name, table.name);
    for (const { partition, low, high } of await client.offsets(topic))
      if (high > low) open.set(`${topic}/${partition}`, high);
  }
  const seen = new Map<string, ChangeEvent>();
  await new Promise<void>((resolve, reject) => {
    let chain = Promise.resolve();
    client
      .run((batch) => {
        chain = chain
          .then(async () => {
            const name = `${batch.topic}/${batch.partition}`;
            for (const record of batch.records) {
              const decoding = async (): Promise<SourceRecord> => decoder.decode(batch.topic, record);
              const decoded = await decoding().catch(undecodable);
              if (decoded?.kind === 'change') seen.set(`${name}/${record.offset}`, decoded);
            }
            if (batch.nextOffset >= (open.get(name) ?? 0n)) open.delete(name);
            if (open.size === 0) resolve();
          })
          .catch(reject);
      })
      .then(() => open.size === 0 && resolve(), reject);
  });
  await client.close();
  return [...seen.values()].sort((x, y) => comparePositions(x.position, y.position));
}

/** transform(fold of source): what the targets must hold, by the in-memory model of land and derive. */
function expected(migration: Migration, changes: readonly ChangeEvent[], asOf: string): Model {
  const model = createModel(migration);
  for (const change of changes) {
    model.apply(change);
    model.derive(asOf);
  }
  return model;
}

/** The time the pipeline's transformers know: it moves by whole minutes, so that a replay sees the same. */
async function landedTick(rig: Rig): Promise<string> {
  const found = await rig.open.pool.query<{ as_of: Date }>('select as_of from sluice.pipeline where name = $1', [
    rig.open.name,
  ]);
  return found.rows[0]?.as_of.toISOString() ?? '';
}

/** Deletions a sweep made: no topic tells of them. Which rows it ended is for the test to compare with the source. */
export async function sweptRows(rig: Rig): Promise<ChangeEvent[]> {
  const { migration, name, pool } = rig.open;
  const swept: ChangeEvent[] = [];
  for (const table of migration.tables) {
    const sql = landedTables(name, migration).get(table.name)?.sql;
    const found = await pool.query<{ key: string; epoch: number; b: string; source_time: string }>(
      `select key, epoch, b, source_time from ${sql} where deleted and kafka_offset = -1`,
    );
    for (const { key, epoch, b, source_time: sourceTime } of found.rows) {
      const position = { epoch, phase: 0, a: -1n, b: BigInt(b), txId: null, offset: -1n } as const;
      const gone = { op: 'd', after: null, before: null, unsent: [], origin: null } as const;
      swept.push({ kind: 'change', table: table.name, key, position, sourceTime, ...gone });
    }
  }
  return swept;
}

/**
 * Waits until nothing is owed, then says what differs from transform(fold of source); empty when nothing does.
 * @param earlier changes that were landed and are in the topics no more
 */
export async function settledDifferences(
  rig: Rig,
  seconds = 90,
  earlier: readonly ChangeEvent[] = [],
): Promise<string[]> {
  for (;;) {
    await rig.settled(seconds);
    const asOf = await landedTick(rig);
    const known = await readTopicsWhole(rig);
    if (known.length === 0) return ['the topics are empty'];
    const changes = [...earlier, ...known, ...(await sweptRows(rig))];
    changes.sort((x, y) => comparePositions(x.position, y.position));
    const found = await differences(rig, expected(rig.open.migration, changes, asOf));
    // a minute that ended meanwhile may have changed what is right
    if (found.length === 0 || asOf === (await landedTick(rig))) return found;
  }
}

/** What differs between the model and the real targets; empty when nothing does. Names documents, never values. */
async function differences(rig: Rig, model: Model): Promise<string[]> {
  const targets = new Map(
    rig.open.migration.flows.flatMap((flow) => flow.targets).map((target) => [target.name, target]),
  );
  const wanted = model.documents();
  const found = [...targets.values()].map((target) => {
    const documents = wanted.get(target.name) ?? new Map<string, Document>();
    return target.kind === 'postgres'
      ? differencesOfTable(rig, target, documents)
      : differencesOfType(rig, target.name, documents, model);
  });
  return (await Promise.all(found)).flat();
}

async function differencesOfTable(
  rig: Rig,
  target: PostgresTarget,
  documents: ReadonlyMap<string, Document>,
): Promise<string[]> {
  const { pool } = rig.open;
  const held = await pool.query<{ row: JsonObject }>(`select to_jsonb(t) as row from ${target.name} t`);
  // PostgreSQL itself writes the wanted rows, so that times and numbers have one spelling
  const wanted = await pool.query<{ row: JsonObject }>(
    `select to_jsonb(r) as row from jsonb_array_elements($1::jsonb) with ordinality e(v, n),
       lateral jsonb_populate_record(null::${target.name}, e.v) r order by n`,
    [JSON.stringify([...documents.values()].map(({ content }) => content))],
  );
  const keyOf = (row: JsonObject): string => JSON.stringify(target.key.map((column) => row[column]));
  const rows = new Map(held.rows.map(({ row }) => [keyOf(row), row]));
  const found: string[] = [];
  for (const [i, [id, { content }]] of [...documents].entries()) {
    const want = wanted.rows[i]?.row ?? {};
    const row = rows.get(keyOf(want));
    rows.delete(keyOf(want));
    const wrong = Object.keys(content).filter((name) => row && canonicalJson(row[name]) !== canonicalJson(want[name]));
    if (!row) found.push(`${target.name} ${id}: missing`);
    else if (wrong.length > 0) found.push(`${target.name} ${id}: ${wrong.join(', ')} differ`);
  }
  for (const key of rows.keys()) found.push(`${target.name} ${key}: should not be there`);
  return found;
}

async function differencesOfType(
  rig: Rig,
  target: string,
  documents: ReadonlyMap<string, Document>,
  model: Model,
): Promise<string[]> {
  const sink = createFhirSink({
    baseUrl: rig.config.fhir,
    pipeline: rig.open.name,
    log: silentLog,
    clock: systemClock,
  });
  const read = () => sink.read(target, [...documents.keys()]);
  // a connection cut by the fault before can be met once more; what is compared is what a server says that answers
  const held = await read().catch(() => read());
  const stored = new Map(held.map(({ id, content }) => [id, content]));
  const known = await rig.open.pool.query<{ id: string }>(
    'select id from sluice.document where pipeline = $1 and target = $2 and not gone',
    [rig.open.name, target],
  );
  const found = known.rows.flatMap(({ id }) => (documents.has(id) ? [] : [`${target} ${id}: should not be there`]));
  for (const [id, { content }] of documents) {
    // What was produced for a moment only may never have been derived: the pipeline derives states, not steps.
    if (model.isRetired({ target, id })) continue;
    const one = stored.get(id);
    if (!one) found.push(`${target} ${id}: missing`);
    else if (canonicalJson(one) !== canonicalJson({ ...content, id })) {
      const names = new Set([...Object.keys(one), ...Object.keys(content)]);
      const wrong = [...names].filter(
        (name) => name !== 'id' && canonicalJson(one[name]) !== canonicalJson(content[name]),
      );
      found.push(`${target} ${id}: ${wrong.join(', ')} differ`);
    }
  }
  return found;
}
