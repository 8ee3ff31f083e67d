import {
  comparePositions,
  contentHash,
  copyOf,
  type Difference,
  type FindingKind,
  type Flow,
  type Image,
  type LandedState,
  type Migration,
  SluiceError,
  type SourceTable,
  topicOf,
} from '../../core/index.ts';
import { compareRows } from '../../reconcile/index.ts';
import { untilLanded } from '../migrate/caught-up.ts';
import type { Observation } from './observation.ts';
import type { ReconcileParts } from './parts.ts';

/** Some rows of a table. */
export interface KeysOf {
  readonly table: SourceTable;
  readonly keys: readonly string[];
}

/** What an aligned look at some rows of a table has come to. */
export interface RowCheck {
  readonly table: SourceTable;
  readonly observations: readonly Observation[];
  /** rows that changed between the reads, or could not be proved to be landed */
  readonly hot: readonly string[];
  /** rows with a parked record, or of a table that is halted: looking again soon says no more */
  readonly unverified: number;
}

const CHUNK = 1_000;
/** rows whose images are held at once */
const AT_ONCE = 5_000;
const PROOF_MS = 20_000;

/** Tables whose rows are landed; those that are copied as they land are not. */
export const landedTablesOf = (migration: Migration): readonly SourceTable[] =>
  migration.tables.filter(({ name }) => copyOf(migration, name) === null);

/**
 * Walks a source table in chunks of its key, half open, the last one without an end, and compares each row with the
 * landed one; then walks the landed rows for those the source does not have. What differs is to be looked at, aligned.
 */
export async function walkRows(
  parts: ReconcileParts,
  table: SourceTable,
  signal: AbortSignal,
): Promise<KeysOf & { readonly rows: number }> {
  const { source, reading } = parts;
  const differing = new Set<string>();
  let rows = 0;
  for (let after: string | null = null; !signal.aborted; ) {
    const chunk = await source.range(table, after, CHUNK);
    const landed = await reading.landed(
      table.name,
      chunk.rows.map(({ key }) => key),
    );
    for (const { key, image } of chunk.rows)
      if (faultOf(image, landed.get(key), chunk.texts) !== null) differing.add(key);
    rows += chunk.rows.length;
    after = chunk.rows.at(-1)?.key ?? null;
    if (chunk.rows.length < CHUNK || after === null) break;
  }
  for (let after = ''; !signal.aborted; ) {
    const keys = await reading.alive(table.name, after, CHUNK);
    if (keys.length === 0) break;
    const there = await source.keysThere(table, keys);
    for (const key of keys) if (!there.has(key)) differing.add(key);
    after = keys.at(-1) as string;
  }
  return { table, keys: [...differing], rows };
}

/**
 * Compares rows under the alignment rule: the landed row's position is read before the source is, and again when all
 * that was committed before that is proved to be landed. Where it is the same the row cannot have been on its way. One
 * proof serves many rows of many tables, as it takes until the slot has moved.
 */
export async function lookAtRows(parts: ReconcileParts, wanted: readonly KeysOf[]): Promise<readonly RowCheck[]> {
  const checks: RowCheck[] = [];
  let isProved = true;
  const halted = await haltedTables(parts);
  for (const { table, keys } of wanted)
    if (halted.has(table.name)) checks.push({ table, observations: [], hot: [], unverified: keys.length });
  for (const batch of inBatches(wanted.filter(({ table }) => !halted.has(table.name)))) {
    const seen: readonly RowCheck[] | null = isProved ? await lookAtBatch(parts, batch) : null;
    // what is not landed now will not be in a moment either
    isProved = seen !== null;
    checks.push(...(seen ?? batch.map(({ table, keys }) => ({ table, observations: [], hot: keys, unverified: 0 }))));
  }
  return checks;
}

/** Tables of which a partition has stopped: until it goes on nothing proves what of them is landed, and others do not wait for it. */
async function haltedTables({ open }: ReconcileParts): Promise<ReadonlySet<string>> {
  const { migration, ledger } = open;
  const scopes = (await ledger.halts()).map(({ scope }) => scope);
  const isHalted = (table: string): boolean =>
    scopes.some((scope) => scope.startsWith(`${topicOf(migration.name, table)}/`));
  return new Set(migration.tables.map(({ name }) => name).filter(isHalted));
}

/** Batches of so few rows that their images may be held. */
function inBatches(wanted: readonly KeysOf[]): readonly (readonly KeysOf[])[] {
  const batches: KeysOf[][] = [[]];
  let room = AT_ONCE;
  for (const { table, keys } of wanted)
    for (let from = 0; from < keys.length; ) {
      if (room === 0) {
        batches.push([]);
        room = AT_ONCE;
      }
      const some = keys.slice(from, from + room);
      batches.at(-1)?.push({ table, keys: some });
      from += some.length;
      room -= some.length;
    }
  return batches.filter((batch) => batch.length > 0);
}

interface Look {
  readonly before: ReadonlyMap<string, LandedState>;
  readonly images: ReadonlyMap<string, Image>;
  readonly texts: ReadonlySet<string>;
}

/** null: it cannot be proved in time that they are landed. */
async function lookAtBatch(parts: ReconcileParts, some: readonly KeysOf[]): Promise<readonly RowCheck[] | null> {
  const { reading, source, open } = parts;
  const looks: Look[] = [];
  let read = 0n;
  for (const { table, keys } of some) {
    const before = await reading.landed(table.name, keys);
    const { rows, lsn, texts } = await source.byKeys(table, keys);
    looks.push({ before, images: new Map(rows.map(({ key, image }) => [key, image])), texts });
    if (lsn > read) read = lsn;
  }
  try {
    await untilLanded(
      parts,
      read,
      PROOF_MS,
      some.map(({ table }) => table),
    );
  } catch (error) {
    if (!(error instanceof SluiceError) || error.disposition !== 'retry') throw error;
    return null;
  }
  const checks: RowCheck[] = [];
  for (const [i, { table, keys }] of some.entries()) {
    const { before, images, texts } = looks[i] as Look;
    const after = await reading.landed(table.name, keys);
    const parked = await reading.parkedRows(table.name);
    const observations: Observation[] = [];
    const hot: string[] = [];
    let unverified = 0;
    for (const key of keys) {
      if (parked.has(key)) unverified += 1;
      else if (!isSame(before.get(key), after.get(key))) hot.push(key);
      else
        observations.push(observationOf(open.migration, table, key, faultOf(images.get(key), after.get(key), texts)));
    }
    checks.push({ table, observations, hot, unverified });
  }
  return checks;
}

const isSame = (x: LandedState | undefined, y: LandedState | undefined): boolean =>
  x === undefined || y === undefined ? x === y : comparePositions(x.position, y.position) === 0;

interface Fault {
  readonly kind: FindingKind;
  readonly differences: readonly Difference[];
  /** of the values that differ: what is accepted when the finding is */
  readonly hash: string;
}

function faultOf(image: Image | undefined, landed: LandedState | undefined, texts: ReadonlySet<string>): Fault | null {
  const isLanded = landed !== undefined && !landed.deleted;
  if (image === undefined)
    return isLanded
      ? { kind: 'extra', differences: [{ path: '', class: 'extra' }], hash: contentHash(landed.image) }
      : null;
  if (!isLanded) return { kind: 'missing', differences: [{ path: '', class: 'missing' }], hash: contentHash(image) };
  const differences = compareRows(image, landed.image, texts);
  if (differences.length === 0) return null;
  const values = differences.map(({ path }) => [path, image[path] ?? null, landed.image[path] ?? null]);
  return { kind: 'value', differences, hash: contentHash(values) };
}

/** The flow that what is said of a table's rows is counted to: the one whose root it is, otherwise the first that reads it. */
export function flowOfTable({ flows }: Migration, table: string): Flow | undefined {
  const isRoot = ({ root }: Flow): boolean => 'table' in root && root.table === table;
  return flows.find(isRoot) ?? flows.find(({ parts }) => parts.some((part) => part.table === table));
}

function observationOf(migration: Migration, table: SourceTable, key: string, fault: Fault | null): Observation {
  const flow = flowOfTable(migration, table.name);
  const isRoot = flow !== undefined && 'table' in flow.root && flow.root.table === table.name;
  return {
    flow: flow?.name ?? table.name,
    target: `source:${table.name}`,
    id: key,
    root: isRoot ? key : '',
    kinds: fault ? [{ kind: fault.kind, differences: fault.differences }] : [],
    hash: fault?.hash ?? null,
  };
}
