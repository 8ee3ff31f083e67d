import type { Log } from '../core/index.ts';
import { readSlot, type SlotReading } from '../source/index.ts';
import { type CaptureFault, type CaptureLook, captureFault, type KnownCapture } from './capture-proof.ts';
import type { Chore } from './chore.ts';
import { countGap, openGaps } from './gaps.ts';
import { gaugeSlot } from './gauges.ts';
import type { OpenPipeline } from './pipeline.ts';
import type { Probes } from './readings.ts';
import { repeat } from './repeat.ts';
import type { Sweeper } from './sweeper.ts';

/** A slot that was moved by hand shows it for some four seconds, until the connector has stored a place beyond. */
const LOOK_EVERY_MS = 1_500;

/**
 * Looks at the source, its slot and the connector's stored offsets. Where they say that changes may be missing, the
 * pipeline stops, a gap is recorded, and everybody who asks is told.
 */
export function observeSource(chore: Chore, sweeper: Sweeper): Promise<void> {
  const { config, migration, open, probes, meter, clock, log } = chore;
  const pipeline = open.name;
  const slot = `${config.prefix}sluice_${migration}`;
  const gaps = openGaps(open);
  let suspected: string | null = null;
  const found = async (fault: CaptureFault, epoch: number): Promise<void> => {
    const fresh = await gaps.open({ ...fault, scope: '*', epoch });
    if (fresh) countGap(meter, pipeline, fault.kind);
    await haltSource(open, log, fault);
  };
  return repeat(LOOK_EVERY_MS, chore, 'looking at the slot', async () => {
    const row = await readSlot(config.sourceUrl(migration), slot);
    gaugeSlot(meter, { pipeline, slot }, row);
    // while the source cannot be asked its figures stay as they were: this one says since when
    meter.gauge('sluice_source_timestamp_seconds', { pipeline }, clock.now() / 1000);
    // after the slot, so that what is stored is never older than what it confirmed
    const capture = await probes.capture().catch(() => undefined);
    const landed = await open.admin.newestEpoch();
    const epoch = Math.max(landed ?? 0, capture?.epoch ?? 0);
    for (const kind of await gaps.adopt(epoch)) countGap(meter, pipeline, kind);
    // nothing has come through it yet, or a new epoch is announced that is to make another
    if (landed === null || (capture?.epoch ?? 0) > landed) {
      if (capture) await gaps.keepCapture({ ...lookOf(row, capture), active: row.active === true });
      return;
    }
    const lost = row.active === null ? `slot ${slot} is gone` : null;
    if (lost !== null) {
      const at = await gaps.capture();
      const kind = 'slot_lost' as const;
      await found(
        { kind, code: 'SLOT_LOST', reason: lost, from: at?.confirmed ?? null, to: null, doubtful: false },
        epoch,
      );
      return;
    }
    const before = await gaps.capture();
    const look = lookOf(row, capture ?? null, before);
    const fault = captureFault(before, look);
    const name = fault && `${fault.kind} ${fault.to}`;
    if (fault && (!fault.doubtful || suspected === name)) await found(fault, epoch);
    suspected = name;
    // a source that is another one stays so: going on needs it back, or a new epoch
    if (capture && fault?.kind !== 'source_moved') await gaps.keepCapture({ ...look, active: look.active === true });
    if (row.confirmed !== null && !fault) await sweeper.consider(BigInt(row.confirmed));
  });
}

type Capture = Awaited<ReturnType<Probes['capture']>>;

/** Of a connector that cannot be asked, or is not there, nothing is said but what was known. */
function lookOf(row: SlotReading, capture: Capture, before: KnownCapture | null = null): CaptureLook {
  return {
    epoch: capture?.epoch ?? before?.epoch ?? 0,
    server: row.server,
    place: capture?.place ?? before?.place ?? '',
    active: row.active,
    state: capture?.state ?? '',
    invalidated: row.walStatus === 'lost',
    confirmed: row.confirmed === null ? null : BigInt(row.confirmed),
    stored: capture?.stored ?? null,
  };
}

/** Stops all flows: they hang on one slot. */
export async function haltSource(
  open: OpenPipeline,
  log: Log,
  { code, reason }: Pick<CaptureFault, 'code' | 'reason'>,
) {
  const halted = new Set((await open.ledger.halts()).map(({ scope }) => scope));
  const going = open.migration.flows.filter(({ name }) => !halted.has(name));
  if (going.length > 0) log.error(reason, { code });
  for (const flow of going) await open.ledger.halt(flow.name, code, reason);
}
