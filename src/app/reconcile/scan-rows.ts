import type { Flow } from '../../core/index.ts';
import type { ReconcileParts } from './parts.ts';
import { recordObservations } from './record.ts';
import { flowOfTable, type KeysOf, landedTablesOf, lookAtRows, walkRows } from './rows.ts';

export interface ScannedRows {
  readonly rows: number;
  /** by flow: parked, of a halted table, on their way or only suspected after the last look */
  readonly unverified: ReadonlyMap<string, number>;
  readonly confirmed: number;
}

const LOOKS = 6;
const BETWEEN_LOOKS_MS = 1_000;
/** A look waits until it is proved what is landed. Where nothing is, so many in vain would hold up the documents. */
const AGAIN_FOR_MS = 60_000;

/** Compares every source row of some flows with the landed one. @param tell told of each table, with the rows so far */
export async function scanRows(
  parts: ReconcileParts,
  { flows, signal }: { readonly flows: readonly Flow[]; readonly signal: AbortSignal },
  tell: (table: string, done: number) => void,
): Promise<ScannedRows> {
  const wanted = new Set(
    flows.flatMap((flow) => [
      ...flow.parts.map(({ table }) => table),
      ...('table' in flow.root ? [flow.root.table] : []),
    ]),
  );
  const differing: KeysOf[] = [];
  let rows = 0;
  for (const table of landedTablesOf(parts.open.migration)) {
    if (signal.aborted || !wanted.has(table.name)) continue;
    const walked = await walkRows(parts, table, signal);
    rows += walked.rows;
    differing.push(walked);
    tell(table.name, rows);
  }
  return { rows, ...(await settleRows(parts, flows, differing, signal)) };
}

/**
 * Looks at rows that differ until it is known of each whether something is wrong with it: those that are on their way or
 * suspected are looked at again. What is left after the last look is not verified.
 */
export async function settleRows(
  parts: ReconcileParts,
  flows: readonly Flow[],
  differing: readonly KeysOf[],
  signal: AbortSignal,
): Promise<Omit<ScannedRows, 'rows'>> {
  const { clock, open } = parts;
  const unverified = new Map<string, number>();
  const leave = (table: string, rows: number): void => {
    const flow = flowOfTable({ ...open.migration, flows }, table)?.name ?? '';
    unverified.set(flow, (unverified.get(flow) ?? 0) + rows);
  };
  let confirmed = 0;
  let left = differing.filter(({ keys }) => keys.length > 0);
  const until = clock.now() + AGAIN_FOR_MS;
  for (let look = 0; look <= LOOKS && left.length > 0 && !signal.aborted; look++) {
    if (look > 0 && clock.now() >= until) break;
    if (look > 0) await clock.sleep(BETWEEN_LOOKS_MS, signal);
    const again: KeysOf[] = [];
    for (const { table, observations, hot, unverified: unknown } of await lookAtRows(parts, left)) {
      const recorded = await recordObservations(parts, observations, 'scan');
      confirmed += recorded.confirmed;
      leave(table.name, unknown);
      const keys = new Set([...hot, ...recorded.suspects.map(({ id }) => id)]);
      if (keys.size > 0) again.push({ table, keys: [...keys] });
    }
    left = again;
  }
  for (const { table, keys } of left) leave(table.name, keys.length);
  return { unverified, confirmed };
}
