import type pg from 'pg';
import { type Clock, opaqueKey } from '../../core/index.ts';
import { classify } from '../../sinks/postgres/index.ts';
import type { Legacy } from './legacy.ts';

/** A month on both sides. Amounts are exact decimals as text; null: there is none of that month. */
export interface MonthTotals {
  readonly month: string;
  readonly sourceCount: number;
  readonly sourceTotal: string | null;
  readonly targetCount: number;
  readonly targetTotal: string | null;
  readonly isLocked: boolean;
}

export interface PayoutDifference {
  readonly month: string;
  readonly kind: 'missing' | 'extra' | 'field';
  /** which payout, by the hash that `sluice parked ls` shows as well */
  readonly keyHash: string;
}

export interface PayoutReport {
  readonly equal: boolean;
  readonly payouts: number;
  readonly total: string;
  readonly months: readonly MonthTotals[];
  readonly differences: readonly PayoutDifference[];
  /** payouts whose recorded corrections do not add up to what they are now, by the same hash */
  readonly adjustmentsWrong: readonly string[];
  readonly waitedMs: number;
}

interface Payout {
  readonly id: string;
  readonly month: string;
  /** pence, so that sums are exact */
  readonly pence: bigint;
}

const COLUMNS = `to_char(occurred_on, 'YYYY-MM') as month, (amount * 100)::bigint::text as pence`;
const POLL_MS = 500;

/**
 * Compares both sides payout by payout, and month by month in pence. Something on its way is no difference: what differs
 * is read again until both sides agree, or until `waitMs` is over.
 */
export async function reconcilePayouts(
  legacy: Legacy,
  pool: pg.Pool,
  options: { readonly clock: Clock; readonly waitMs: number; readonly signal: AbortSignal },
): Promise<PayoutReport> {
  const { clock, waitMs, signal } = options;
  const started = clock.now();
  for (;;) {
    const report = await readBoth(legacy, pool);
    const waitedMs = clock.now() - started;
    if (report.equal || signal.aborted || waitedMs >= waitMs) return { ...report, waitedMs };
    await clock.sleep(POLL_MS, signal);
  }
}

async function readBoth(legacy: Legacy, pool: pg.Pool): Promise<Omit<PayoutReport, 'waitedMs'>> {
  const source = payoutsOf(await legacy.query<Row>(`select id::text, ${COLUMNS} from public.partner_payouts`));
  const target = payoutsOf(
    await services<Row>(pool, `select legacy_id::text as id, ${COLUMNS} from finance.payout where deleted_at is null`),
  );
  const locked = await services<{ month: string }>(
    pool,
    `select to_char(month, 'YYYY-MM') as month from finance.locked_period`,
  );
  const wrong = await services<{ id: string }>(pool, ADJUSTMENTS);
  const differences = differencesOf(source, target);
  const months = monthsOf(source, target, new Set(locked.map(({ month }) => month)));
  return {
    equal: differences.length === 0 && wrong.length === 0,
    payouts: source.size,
    total: pounds([...source.values()].reduce((sum, { pence }) => sum + pence, 0n)),
    months,
    differences,
    adjustmentsWrong: wrong.map(({ id }) => opaqueKey(id)),
  };
}

/** The newest correction of a payout must end where the payout is now, and each begin where the one before it ended. */
const ADJUSTMENTS = `
  with chain as (
    select payout_id, amount_before, amount_after, difference, kind,
           lag(amount_after) over w as ended, row_number() over (partition by payout_id order by source_lsn desc, entry desc) as n,
           lag(kind) over w as kind_before
    from finance.payout_adjustment window w as (partition by payout_id order by source_lsn, entry))
  select distinct p.legacy_id::text as id from finance.payout p join chain c on c.payout_id = p.id
  where c.difference <> coalesce(c.amount_after, 0) - c.amount_before
     or (c.ended is not null and c.ended <> c.amount_before)
     or (c.n = 1 and c.kind = 'correction' and p.deleted_at is null and c.amount_after <> p.amount)
     or (c.n = 1 and c.kind = 'correction' and p.deleted_at is not null)`;

interface Row {
  readonly id: string;
  readonly month: string;
  readonly pence: string;
}

const payoutsOf = (rows: readonly Row[]): ReadonlyMap<string, Payout> =>
  new Map(rows.map(({ id, month, pence }) => [id, { id, month, pence: BigInt(pence) }]));

function differencesOf(
  source: ReadonlyMap<string, Payout>,
  target: ReadonlyMap<string, Payout>,
): readonly PayoutDifference[] {
  const found: PayoutDifference[] = [];
  for (const [id, { month, pence }] of source) {
    const there = target.get(id);
    if (!there) found.push({ month, kind: 'missing', keyHash: opaqueKey(id) });
    else if (there.month !== month || there.pence !== pence)
      found.push({ month, kind: 'field', keyHash: opaqueKey(id) });
  }
  for (const [id, { month }] of target)
    if (!source.has(id)) found.push({ month, kind: 'extra', keyHash: opaqueKey(id) });
  return found.sort((x, y) => (x.month + x.keyHash < y.month + y.keyHash ? -1 : 1));
}

function monthsOf(
  source: ReadonlyMap<string, Payout>,
  target: ReadonlyMap<string, Payout>,
  locked: ReadonlySet<string>,
): readonly MonthTotals[] {
  const [here, there] = [totals(source), totals(target)];
  return [...new Set([...here.keys(), ...there.keys()])].sort().map((month) => ({
    month,
    sourceCount: here.get(month)?.count ?? 0,
    sourceTotal: textOf(here.get(month)),
    targetCount: there.get(month)?.count ?? 0,
    targetTotal: textOf(there.get(month)),
    isLocked: locked.has(month),
  }));
}

interface Total {
  readonly count: number;
  readonly pence: bigint;
}

function totals(payouts: ReadonlyMap<string, Payout>): Map<string, Total> {
  const sums = new Map<string, Total>();
  for (const { month, pence } of payouts.values()) {
    const { count, pence: before } = sums.get(month) ?? { count: 0, pence: 0n };
    sums.set(month, { count: count + 1, pence: before + pence });
  }
  return sums;
}

const textOf = (total: Total | undefined): string | null => (total ? pounds(total.pence) : null);

/** Amounts are never below zero. */
function pounds(pence: bigint): string {
  const digits = String(pence).padStart(3, '0');
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

async function services<T extends pg.QueryResultRow>(pool: pg.Pool, sql: string): Promise<readonly T[]> {
  try {
    return (await pool.query<T>(sql)).rows;
  } catch (error) {
    throw classify(error);
  }
}
