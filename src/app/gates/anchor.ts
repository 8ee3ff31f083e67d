import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { type ChainHead, SluiceError } from '../../core/index.ts';

const Line = z.object({
  chain: z.string(),
  seq: z.int().positive(),
  hash: z.string(),
  ledger: z.string(),
  at: z.string(),
});

/** A head, of which ledger, and when it was written down. */
export interface Anchored extends ChainHead {
  /** the address of the ledger's database, without a login */
  readonly ledger: string;
  readonly at: string;
}

/** Writes a head down outside of the database: a line behind the others. Throws CONFIG_INVALID when it cannot. */
export function anchor(path: string, head: Anchored): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    appendFileSync(path, `${JSON.stringify(head)}\n`);
  } catch {
    throw new SluiceError('CONFIG_INVALID', `SLUICE_GATES_ANCHOR: ${path} cannot be written`);
  }
}

/** What was anchored. A line that is none is told, never passed over: it may be what somebody wanted to hide. */
export function readAnchors(path: string): {
  readonly heads: readonly Anchored[];
  readonly damaged: readonly number[];
} {
  if (!existsSync(path)) return { heads: [], damaged: [] };
  const heads: Anchored[] = [];
  const damaged: number[] = [];
  for (const [index, line] of readFileSync(path, 'utf8').split('\n').entries()) {
    if (line === '') continue;
    const head = readLine(line);
    if (head) heads.push(head);
    else damaged.push(index + 1);
  }
  return { heads, damaged };
}

function readLine(line: string): Anchored | null {
  try {
    return Line.parse(JSON.parse(line));
  } catch {
    return null;
  }
}

/** Which database a chain lives in. */
export function ledgerName(url: string): string {
  const { hostname, port, pathname } = new URL(url);
  return `${hostname}:${port || '5432'}${pathname}`;
}
