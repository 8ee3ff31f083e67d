import { fileURLToPath } from 'node:url';
import type pg from 'pg';
import { type ErrorCode, factsOf, type JsonObject, type Migration, SluiceError } from '../../core/index.ts';
import { classify } from './classify.ts';
import { type LedgerContext, ledgerContext } from './context.ts';
import type { CopyComparison } from './copy/table.ts';
import {
  epochSwept,
  newestEpoch,
  type SnapshotState,
  snapshotState,
  type UnsweptEpoch,
  unsweptEpoch,
} from './epochs.ts';
import { noteFact } from './facts.ts';
import { type FlowFigures, flowFigures, type PartitionFigures, partitionFigures } from './figures.ts';
import { createLandedTables, dropLandedTables, landedTables } from './landed-tables.ts';
import { marksUpTo, newestMark } from './marks.ts';
import * as parked from './parked.ts';
import { applySchema, type SchemaState, schemaState } from './schema-runner.ts';
import { ident } from './sql.ts';
import { heldBySwitch, releaseHeld } from './switched.ts';

const LEDGER_SQL = fileURLToPath(new URL('./schema', import.meta.url));

export interface SchemaFolder {
  readonly schema: string;
  readonly folder: string;
}

/** What people do to a pipeline: set it up, look at it, mend it. Programs that run it use `Ledger`. */
export class PipelineAdmin {
  readonly #pool: pg.Pool;
  readonly #context: LedgerContext;

  constructor(pool: pg.Pool, migration: Migration, pipeline: string, schemaSuffix = '') {
    this.#pool = pool;
    this.#context = ledgerContext(pipeline, migration, schemaSuffix);
  }

  /** Creates and upgrades the ledger and the target schemas; a second run changes nothing. */
  async applySchemas(folders: readonly SchemaFolder[]): Promise<SchemaState[]> {
    return this.#withClient(async (client) => {
      const states = [await applySchema(client, 'sluice', LEDGER_SQL)];
      for (const { schema, folder } of folders) {
        states.push(await applySchema(client, schema + this.#context.schemaSuffix, folder));
      }
      const { pipeline, migration, schemaSuffix } = this.#context;
      await client.query(
        'insert into sluice.pipeline (name, migration, schema_suffix) values ($1, $2, $3) on conflict do nothing',
        [pipeline, migration.name, schemaSuffix],
      );
      await this.#createOwnTables(client);
      return states;
    });
  }

  snapshotState(): Promise<SnapshotState> {
    return snapshotState(this.#pool, this.#context.pipeline);
  }

  unsweptEpoch(): Promise<UnsweptEpoch | null> {
    return unsweptEpoch(this.#pool, this.#context.pipeline);
  }

  newestEpoch(): Promise<number | null> {
    return newestEpoch(this.#pool, this.#context.pipeline);
  }

  epochSwept(epoch: number, snapshotLsn: bigint): Promise<void> {
    return epochSwept(this.#pool, this.#context.pipeline, epoch, snapshotLsn);
  }

  async schemaStates(folders: readonly SchemaFolder[]): Promise<SchemaState[]> {
    return this.#withClient(async (client) => {
      const all = [{ schema: 'sluice', folder: LEDGER_SQL }, ...folders];
      const states: SchemaState[] = [];
      for (const { schema, folder } of all) {
        const name = schema === 'sluice' ? schema : schema + this.#context.schemaSuffix;
        states.push(await schemaState(client, name, folder));
      }
      return states;
    });
  }

  /** Throws SCHEMA_OUTDATED unless every numbered file has been applied and the pipeline is known. */
  async requireSchemas(folders: readonly SchemaFolder[]): Promise<void> {
    const states = await this.schemaStates(folders);
    const pending = states.flatMap((state) => state.pending.map((name) => `${state.schema}/${name}`));
    if (pending.length > 0) throw new SluiceError('SCHEMA_OUTDATED', `not applied yet: ${pending.join(', ')}`);
    await this.#withClient((client) => this.#createOwnTables(client));
  }

  /** Forgets everything the ledger knows of this pipeline, its target schemas included when it is a shadow. */
  async dropPipeline(folders: readonly SchemaFolder[]): Promise<void> {
    const { pipeline, migration, schemaSuffix } = this.#context;
    if (schemaSuffix === '') throw new SluiceError('CONFIG_INVALID', 'a live pipeline is not dropped');
    await this.#withClient(async (client) => {
      const facts = new Set(
        migration.tables.flatMap((table) => (table.facts ?? []).map((fact) => factsOf(table.name, fact))),
      );
      const own = [...landedTables(pipeline, migration).values()].filter(({ name }) => !facts.has(name));
      await dropLandedTables(client, own);
      for (const copy of this.#context.copies.values()) await copy.drop(client);
      const tables = [
        ...['progress', 'epoch', 'mark', 'change', 'document', 'intent', 'lane', 'sender', 'parked', 'waiting'],
        ...['timer', 'root_issue', 'halt', 'gap', 'capture', 'shadow', 'finding', 'seen_document', 'seen_history'],
        ...['digest_document', 'digest_bucket'],
      ];
      for (const table of tables) await client.query(`delete from sluice.${table} where pipeline = $1`, [pipeline]);
      await client.query('delete from sluice.pipeline where name = $1', [pipeline]);
      for (const { schema } of folders) {
        await client.query(`drop schema if exists ${ident(schema + schemaSuffix)} cascade`);
      }
    });
  }

  /** What this pipeline has copied beside what the live one has, by target. */
  async compareCopies(): Promise<readonly (CopyComparison & { readonly target: string })[]> {
    const { migration, copies } = this.#context;
    const live = ledgerContext(migration.name, migration, '').copies;
    const found: (CopyComparison & { readonly target: string })[] = [];
    for (const [flow, table] of copies) {
      const target = migration.flows.find(({ name }) => name === flow)?.targets[0]?.name ?? flow;
      const other = live.get(flow);
      if (other) found.push({ target, ...(await other.compare(this.#pool, table)) });
    }
    return found;
  }

  flows(): Promise<readonly FlowFigures[]> {
    return flowFigures(
      this.#pool,
      this.#context.pipeline,
      this.#context.migration.flows.map((flow) => flow.name),
      this.#context.copies,
    );
  }

  partitions(): Promise<readonly PartitionFigures[]> {
    return partitionFigures(this.#pool, this.#context.pipeline);
  }

  listParked(filter: parked.ParkedFilter): Promise<parked.ParkedItem[]> {
    return parked.listParked(this.#pool, this.#context.pipeline, filter);
  }

  parkedRaw(id: string): ReturnType<typeof parked.parkedRaw> {
    return parked.parkedRaw(this.#pool, this.#context.pipeline, id);
  }

  retryParked(items: readonly parked.ParkedItem[]): Promise<void> {
    return parked.retryParked(this.#pool, this.#context.pipeline, items);
  }

  dropParked(ids: readonly string[], by: string, reason: string): Promise<number> {
    return parked.closeParked(this.#pool, this.#context.pipeline, ids, 'dropped', by, reason);
  }

  unmirrored(limit: number): Promise<parked.ParkedItem[]> {
    return parked.unmirrored(this.#pool, this.#context.pipeline, limit);
  }

  markMirrored(ids: readonly string[]): Promise<void> {
    return parked.markMirrored(this.#pool, this.#context.pipeline, ids);
  }

  /**
   * Lets a halted flow or partition go on; answers the codes it was halted with. A partition whose log is not the one
   * it had landed begins again where the log does now: there is no place to go on from, and positions guard its rows.
   */
  async resume(scope: string | null): Promise<readonly { scope: string; code: ErrorCode }[]> {
    const lost: readonly ErrorCode[] = ['TOPIC_RECREATED', 'PROGRESS_BELOW_LOG_START'];
    const done = await this.#pool.query<{ scope: string; code: ErrorCode }>(
      `with gone as (delete from sluice.halt where pipeline = $1 and ($2::text is null or scope = $2)
         returning scope, code)
       , begun_again as (update sluice.progress p set next_offset = null, log_time_ms = null, fence = fence + 1
         from gone where p.pipeline = $1 and gone.scope = p.topic || '/' || p.part and gone.code = any($3))
       select scope, code from gone`,
      [this.#context.pipeline, scope, lost],
    );
    return done.rows;
  }

  /** Gives a partition that has none a progress: where its log is empty nobody else comes by to do so. */
  async beginEmpty(topic: string, partition: number, offset: bigint): Promise<void> {
    await this.#pool.query(
      `update sluice.progress set next_offset = $4
       where pipeline = $1 and topic = $2 and part = $3 and next_offset is null`,
      [this.#context.pipeline, topic, partition, String(offset)],
    );
  }

  /** Steps over the record a halted partition stands at. It is kept as a dropped item with the reason. */
  async skipRecord(topic: string, partition: number, by: string, reason: string): Promise<bigint | null> {
    const skipped = await this.#pool.query<{ next_offset: string }>(
      `with moved as (update sluice.progress set next_offset = next_offset + 1, fence = fence + 1
         where pipeline = $1 and topic = $2 and part = $3 and next_offset is not null returning next_offset)
       , kept as (insert into sluice.parked
         (pipeline, kind, scope, key, code, topic, part, "offset", state, closed_at, closed_by, close_reason)
         select $1, 'record', $2, '', 'KEY_UNDECODABLE', $2, $3, next_offset - 1, 'dropped', clock_timestamp(), $4, $5
         from moved)
       select next_offset from moved`,
      [this.#context.pipeline, topic, partition, by, reason],
    );
    const row = skipped.rows[0];
    return row ? BigInt(row.next_offset) - 1n : null;
  }

  /** Marks every landed root of a flow, so that a changed rule reaches them all. Answers how many. */
  async markAll(flowName: string): Promise<number> {
    const flow = this.#context.migration.flows.find((candidate) => candidate.name === flowName);
    if (!flow) throw new SluiceError('CONFIG_INVALID', `there is no flow ${flowName}`);
    if (this.#context.copies.has(flowName))
      throw new SluiceError(
        'CONFIG_INVALID',
        `${flowName} is copied as it lands: there is nothing to derive; replay it`,
      );
    const source =
      'table' in flow.root
        ? `select key from ${this.#context.table(flow.root.table).sql}`
        : 'select distinct root as key from sluice.document where pipeline = $1 and flow = $2';
    const done = await this.#pool.query(
      `insert into sluice.mark (pipeline, flow, key, source_time) select $1, $2, key, clock_timestamp() from (${source}) r`,
      [this.#context.pipeline, flowName],
    );
    return done.rowCount ?? 0;
  }

  /** The id of the newest mark of these flows; null when nothing of them is marked. */
  newestMark(flows: readonly string[]): Promise<bigint | null> {
    return this.#withClient((client) => newestMark(client, this.#context.pipeline, flows));
  }

  /** How many marks of these flows are left that are no newer than `upTo`. */
  marksUpTo(flows: readonly string[], upTo: bigint): Promise<number> {
    return this.#withClient((client) => marksUpTo(client, this.#context.pipeline, flows, upTo));
  }

  /** Keeps what was found out about a row, and marks the roots whose rules read it; the same again marks nothing. */
  noteFact(table: string, fact: string, key: string, image: JsonObject): Promise<void> {
    return noteFact(this.#pool, this.#context, factsOf(table, fact), key, image);
  }

  /** How many roots each switched off kind holds back. */
  heldBySwitch(): Promise<ReadonlyMap<string, number>> {
    return heldBySwitch(this.#pool, this.#context.pipeline);
  }

  /** Marks what these kinds hold back; answers how many roots. */
  releaseHeld(kinds: readonly string[]): Promise<number> {
    return releaseHeld(this.#pool, this.#context.pipeline, kinds);
  }

  async #createOwnTables(client: pg.PoolClient): Promise<void> {
    await createLandedTables(client, landedTables(this.#context.pipeline, this.#context.migration).values());
    for (const copy of this.#context.copies.values()) await copy.create(client);
  }

  async #withClient<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    let client: pg.PoolClient | undefined;
    try {
      client = await this.#pool.connect();
      return await work(client);
    } catch (error) {
      throw classify(error);
    } finally {
      client?.release();
    }
  }
}
