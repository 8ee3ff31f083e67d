import type pg from 'pg';
import { SluiceError } from '../core/index.ts';
import type { SourceAddress } from './database.ts';

/**
 * Refuses a database that may be somebody's real one: it has rows, and not the mark that our own schema sets.
 * Traffic changes and deletes rows, and an address in the environment is easily the wrong one.
 */
export async function requireRehearsal(
  client: pg.ClientBase,
  address: SourceAddress,
  table: 'public.submissions' | 'pathwaysdos.services' | 'v83.patdata',
): Promise<void> {
  const answer = await client.query<{ marked: boolean; used: boolean }>(
    `select to_regnamespace('rehearsal') is not null as marked, to_regclass($1) is not null as used`,
    [table],
  );
  const found = answer.rows[0];
  if (found === undefined || found.marked || !found.used) return;
  const rows = await client.query(`select from ${table} limit 1`);
  if (rows.rowCount === 0) return;
  throw new SluiceError(
    'CONFIG_INVALID',
    `"${address.database}" at ${address.host}:${address.port} holds ${table.slice(table.indexOf('.') + 1)} that no seed made; if it is a copy ` +
      'made for rehearsal, say so there with: create schema rehearsal',
  );
}
