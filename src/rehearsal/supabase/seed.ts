import { readFile } from 'node:fs/promises';
import type pg from 'pg';
import { codeOf, explain, openPool, type SourceAddress } from '../database.ts';
import { requireRehearsal } from '../guard.ts';
import { insertRowSet } from '../insert.ts';
import type { SeedOptions, SeedReport } from '../seed-report.ts';
import { BLOCK, makeBlock, type SeedPlan } from './generator.ts';
import { partnerRows } from './partners.ts';
import { type RowSet, TABLE_NAMES, type TableName } from './rows.ts';
import { DEFAULT_DIRTY, type Tally } from './shares.ts';

/** The day on which the made-up practice stands still. */
export const DEFAULT_BASE = '2026-11-01T08:00:00.000Z';

export interface SupabaseSeedOptions extends SeedOptions {
  readonly dirty?: number;
  readonly base?: string;
}

const BLOCKS_A_BATCH = 25;
const ATTEMPTS = 5;

/** Makes the source schema where it is missing. Two at once wait for each other. */
export async function applySourceSchema(client: pg.ClientBase): Promise<void> {
  const sql = await readFile(new URL('./source.sql', import.meta.url), 'utf8');
  await client.query(`begin; select pg_advisory_xact_lock(hashtext('sluice rehearsal schema')); ${sql}; commit`);
}

/** Traffic may delete a parent between two statements of a batch; the batch is then made again. */
async function insertPatiently(client: pg.ClientBase, set: RowSet): Promise<Map<TableName, number>> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await insertRowSet(client, TABLE_NAMES, set);
    } catch (error) {
      if (attempt === ATTEMPTS || !['23503', '40001', '40P01'].includes(codeOf(error))) throw error;
    }
  }
}

function batchOf(plan: SeedPlan, from: number, to: number, tally: Tally): RowSet {
  const set: RowSet = {};
  for (let block = from; block < to; block++) {
    const made = makeBlock(plan, block);
    for (const [table, rows] of Object.entries(made.rows) as [TableName, never[]][]) {
      const list = (set[table] ?? []) as never[];
      list.push(...rows);
      set[table] = list;
    }
    for (const [name, count] of Object.entries(made.tally) as [keyof Tally, number][])
      tally[name] = (tally[name] ?? 0) + count;
  }
  return set;
}

/** Fills a source database. Run again with the same seed it adds only what is missing. */
export async function seedSupabase(address: SourceAddress, options: SupabaseSeedOptions): Promise<SeedReport> {
  const plan: SeedPlan = {
    seed: options.seed,
    rows: options.rows,
    dirty: options.dirty ?? DEFAULT_DIRTY,
    base: options.base ?? DEFAULT_BASE,
  };
  const started = performance.now();
  const seconds = (): number => (performance.now() - started) / 1000;
  const tables = new Map<TableName, { made: number; inserted: number }>();
  const tally: Tally = {};
  let rows = 0;
  const pool = openPool(address, 1);
  try {
    const client = await pool.connect();
    const write = async (set: RowSet): Promise<void> => {
      for (const [table, inserted] of await insertPatiently(client, set)) {
        const entry = tables.get(table) ?? { made: 0, inserted: 0 };
        const made = set[table]?.length ?? 0;
        tables.set(table, { made: entry.made + made, inserted: entry.inserted + inserted });
        rows += made;
      }
    };
    try {
      await requireRehearsal(client, address, 'public.submissions');
      await applySourceSchema(client);
      await write(partnerRows(plan.seed, plan.rows, Date.parse(plan.base)));
      const blocks = Math.ceil(plan.rows / BLOCK);
      for (let from = 0; from < blocks && !options.signal?.aborted; from += BLOCKS_A_BATCH) {
        const to = Math.min(blocks, from + BLOCKS_A_BATCH);
        await write(batchOf(plan, from, to, tally));
        options.onProgress?.({ done: Math.min(plan.rows, to * BLOCK), of: plan.rows, rows, seconds: seconds() });
      }
    } finally {
      client.release(true);
    }
  } catch (error) {
    throw explain(error, address);
  } finally {
    await pool.end();
  }
  return {
    tables: [...tables].map(([table, counts]) => ({ table, ...counts })),
    oddities: tally,
    rows,
    seconds: seconds(),
    stopped: options.signal?.aborted ?? false,
  };
}
