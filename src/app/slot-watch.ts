import pg from 'pg';
import type { Clock, Log, Meter } from '../core/index.ts';
import type { Config } from './config.ts';
import type { OpenPipeline } from './pipeline.ts';
import type { Probes } from './readings.ts';
import { repeat } from './repeat.ts';
import type { Sweeper } from './sweeper.ts';

interface SlotRow {
  active: boolean;
  wal_status: string | null;
  retained: string;
  unconfirmed: string;
  /** decimal */
  confirmed: string | null;
}

const LOOK_EVERY_MS = 5_000;

/** Looks at the replication slot. One that is gone means that changes may be missing: the pipeline stops and says so. */
export function observeSource(
  config: Config,
  migrationName: string,
  open: OpenPipeline,
  probes: Probes,
  meter: Meter,
  clock: Clock,
  signal: AbortSignal,
  log: Log,
  sweeper: Sweeper,
): Promise<void> {
  const pipeline = open.name;
  const slot = `${config.prefix}sluice_${migrationName}`;
  return repeat(LOOK_EVERY_MS, clock, signal, log, 'looking at the slot', async () => {
    const row = await readSlot(config.sourceUrl(migrationName), slot);
    if (!row) {
      if (await mustExist(open, probes)) await haltSlotLost(open, log, `slot ${slot} is gone`);
      return;
    }
    if (row.wal_status === 'lost') {
      await haltSlotLost(open, log, `slot ${slot} has lost write-ahead log`);
      return;
    }
    meter.gauge('sluice_slot_active', { pipeline, slot }, row.active ? 1 : 0);
    meter.gauge('sluice_slot_retained_bytes', { pipeline, slot }, Number(row.retained));
    meter.gauge('sluice_slot_unconfirmed_bytes', { pipeline, slot }, Number(row.unconfirmed));
    if (row.confirmed !== null) await sweeper.consider(BigInt(row.confirmed));
  });
}

async function readSlot(url: string, slot: string): Promise<SlotRow | null> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 4_000,
    application_name: 'sluice',
  });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const found = await client.query<SlotRow>(
      `select active, wal_status, pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) as retained,
         pg_wal_lsn_diff(pg_current_wal_lsn(), confirmed_flush_lsn) as unconfirmed,
         (confirmed_flush_lsn - '0/0'::pg_lsn)::text as confirmed
       from pg_replication_slots where slot_name = $1`,
      [slot],
    );
    return found.rows[0] ?? null;
  } finally {
    await client.end();
  }
}

/** Something came through a slot, and no new epoch has been announced that is to make another. */
async function mustExist(open: OpenPipeline, probes: Probes): Promise<boolean> {
  const landed = await open.admin.newestEpoch();
  if (landed === null) return false;
  const announced = await probes.epoch().catch(() => null);
  return announced === null || announced <= landed;
}

/** Stops all flows until a person has had everything read anew. */
export async function haltSlotLost(open: OpenPipeline, log: Log, reason: string): Promise<void> {
  const halted = new Set((await open.ledger.halts()).map(({ scope }) => scope));
  const going = open.migration.flows.filter(({ name }) => !halted.has(name));
  if (going.length > 0) log.error(reason, { code: 'SLOT_LOST' });
  for (const flow of going) await open.ledger.halt(flow.name, 'SLOT_LOST', reason);
}
