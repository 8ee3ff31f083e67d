import type pg from 'pg';
import type { ChainHead, GateRecords } from '../../core/index.ts';
import { type ChainFault, walkChain } from '../../gates/index.ts';
import { PostgresGateRecords } from '../../sinks/postgres/index.ts';
import type { Config } from '../config.ts';
import { type Anchored, anchor, ledgerName, readAnchors } from './anchor.ts';

/** The records of a ledger, each anchored outside of it as it is added. */
export function openGateRecords(config: Config, pool: pg.Pool): GateRecords {
  const records = new PostgresGateRecords(pool);
  const ledger = ledgerName(config.servicesUrl);
  return {
    chain: () => records.chain(),
    newest: (filter, limit) => records.newest(filter, limit),
    one: (seq) => records.one(seq),
    stored: (seq, limit) => records.stored(seq, limit),
    async append(entry, since) {
      const record = await records.append(entry, since);
      const { seq, hash, at } = record;
      // after the commit: a head that was anchored and then not committed would look like a record cut off
      anchor(config.gatesAnchor, { chain: await records.chain(), seq, hash, ledger, at });
      return record;
    },
  };
}

export interface ChainReport {
  readonly whole: boolean;
  readonly records: number;
  readonly head: ChainHead | null;
  /** records after the newest that was anchored: of these a cut off end would not be noticed */
  readonly unanchored: number;
  readonly faults: readonly (Omit<ChainFault, 'what'> & { readonly what: ChainFault['what'] | 'anchor' })[];
}

const PAGE = 500;

/**
 * Reads the whole chain and compares it with what was anchored. `told`: a head that somebody has kept by himself, as
 * commands print it.
 */
export async function verifyRecords(
  config: Config,
  records: GateRecords,
  told: Omit<ChainHead, 'chain'> | null,
): Promise<ChainReport> {
  const chain = await records.chain();
  const { heads, damaged } = readAnchors(config.gatesAnchor);
  const own = heads.filter((head) => head.chain === chain);
  const walk = walkChain(chain, [...own, ...(told === null ? [] : [{ ...told, chain }])]);
  let [count, last] = [0, null as ChainHead | null];
  for (;;) {
    const page = await records.stored(last?.seq ?? 0, PAGE);
    for (const record of page) {
      walk.take(record);
      last = { chain, seq: record.seq, hash: record.hash };
    }
    count += page.length;
    if (page.length < PAGE) break;
  }
  const faults: ChainReport['faults'][number][] = [
    ...walk.end(),
    ...damaged.map((line) => ({ seq: 0, what: 'anchor' as const, message: `line ${line} of the anchor is damaged` })),
    ...otherChain(ledgerName(config.servicesUrl), chain, heads),
  ];
  const anchored = Math.max(0, ...own.map(({ seq }) => seq), told?.seq ?? 0);
  if (count > 0 && anchored === 0)
    faults.push({ seq: 0, what: 'anchor', message: `nothing of this chain is anchored in ${config.gatesAnchor}` });
  return {
    whole: faults.length === 0,
    records: count,
    head: last,
    unanchored: Math.max(0, (last?.seq ?? 0) - anchored),
    faults,
  };
}

function otherChain(ledger: string, chain: string, heads: readonly Anchored[]): ChainReport['faults'] {
  const other = heads.findLast((head) => head.ledger === ledger && head.chain !== chain);
  if (!other) return [];
  const message = `record ${other.seq} of another chain was anchored for this database: its records were replaced, or it was made anew`;
  return [{ seq: other.seq, what: 'anchor', message }];
}
