import { type Clock, codeOfGap, SluiceError } from '../../core/index.ts';
import type { LedgerReading } from '../../sinks/postgres/index.ts';
import type { CapturedRowReader } from '../../source/index.ts';
import { openGaps } from '../gaps.ts';
import { untilLanded } from '../migrate/caught-up.ts';
import type { OpenPipeline } from '../pipeline.ts';
import type { Probes } from '../readings.ts';

export interface ProofParts {
  readonly reader: CapturedRowReader;
  readonly reading: LedgerReading;
  readonly probes: Probes;
  readonly open: OpenPipeline;
  readonly clock: Clock;
  readonly slot: string;
}

/** A place of the source's log and the source's own time there, ISO UTC. */
export interface Milestone {
  readonly lsn: bigint;
  readonly at: string;
}

export interface CaughtUp extends Milestone {
  /** seconds until it was proved */
  readonly seconds: number;
  /** roots that wait for a document nobody has made: they are not at their targets, and not verified */
  readonly waiting: number;
}

/**
 * Proves that all that was committed before the milestone is at its targets: the slot has passed it, then every
 * partition's end at that time has been landed, then no mark and no unsent document of an older commit is left. A
 * parked document is not waited for, nor is a root that waits for what is not there: they count as unverified. Throws
 * TARGET_BUSY when the time is over, and SLOT_LOST and its like when a gap is open before or after, or a log is not the one
 * that was landed: what is missing of it is not waited for by anybody.
 */
export async function proveCaughtUp(parts: ProofParts, milestone: Milestone, timeoutMs: number): Promise<CaughtUp> {
  const { clock, reading } = parts;
  const started = clock.now();
  await refuseOpenGaps(parts.open);
  await untilLanded(parts, milestone.lsn, timeoutMs);
  for (;;) {
    const owed = await reading.oldestOwed();
    if (owed === null || owed > milestone.at) {
      await refuseOpenGaps(parts.open);
      return { ...milestone, seconds: (clock.now() - started) / 1000, waiting: await reading.waitingRoots() };
    }
    if (clock.now() - started > timeoutMs)
      throw new SluiceError('TARGET_BUSY', 'all is landed, but not all of it is derived and delivered');
    await clock.sleep(100);
  }
}

async function refuseOpenGaps(open: OpenPipeline): Promise<void> {
  const [gap] = await openGaps(open).list(true);
  if (gap)
    throw new SluiceError(
      codeOfGap(gap.kind),
      `changes may be missing since ${gap.since ?? 'the beginning'} (gap ${gap.id}): \`sluice gaps show\`, then \`sluice recover\``,
    );
}
