import { SluiceError } from '../../core/index.ts';
import type { ShadowRecord } from '../../sinks/postgres/index.ts';
import type { ReplayStart } from './start.ts';

const FROM_LATER = 'it was not replayed from the beginning';

/** Why a topic can no longer show all that was ever in it. */
export interface ReplayWarning {
  readonly topic: string;
  readonly what: 'compacted' | 'expired' | 'missing';
  readonly detail: string;
}

/**
 * What a shadow filled from here may lack of what live has; null: nothing. Whether rows of an expired topic are all in
 * what is left of it cannot be told from the topic, so it counts as if they were not.
 */
export function lacksOf(start: ReplayStart, warnings: readonly ReplayWarning[]): string | null {
  if (start.kind !== 'beginning') return FROM_LATER;
  if (warnings.length === 0) return null;
  return `its topics do not hold all rows: ${warnings.map(({ topic, what }) => `${topic} (${what})`).join(', ')}`;
}

/** Warnings of what the broker says of the topics that rows come by. */
export function warningsOf(
  topics: readonly string[],
  faults: readonly { readonly topic: string; readonly policy: string; readonly low: bigint }[],
): ReplayWarning[] {
  return faults
    .filter(({ topic }) => topics.includes(topic))
    .map(({ topic, policy, low }) => {
      if (policy === '') return { topic, what: 'missing', detail: 'the broker has no such topic' };
      return policy.includes('compact')
        ? {
            topic,
            what: 'compacted',
            detail: 'of each key only the newest changes are left, and old deletions are not',
          }
        : { topic, what: 'expired', detail: `begins at ${low}: rows unchanged since then are not in it` };
    });
}

/** Throws CONFIG_INVALID for a shadow that may lack rows of live, or that other rules than the present ones have made. */
export function refuseUnfit(
  name: string,
  { whole, lacks, rules }: Pick<ShadowRecord, 'whole' | 'lacks' | 'rules'>,
  present: string,
): void {
  if (!whole) {
    const advice =
      lacks === null || lacks === FROM_LATER
        ? 'Replay it --from-beginning'
        : 'Promoted, rows of live would be lost. Make the topics anew and `sluice recover`, then replay again (docs/replay.md)';
    throw new SluiceError(
      'CONFIG_INVALID',
      `${name} is for looking only: ${lacks ?? 'it was not replayed whole'}. ${advice}`,
    );
  }
  // it has changed places with live before: nobody has noted by which rules that was made
  if (rules === '' || rules === present) return;
  throw new SluiceError(
    'CONFIG_INVALID',
    `${name} was made by other rules than these, and its catch-up would be by these: promote it with the release, settings and contract it was replayed with, or \`sluice replay discard ${name}\` and replay again`,
  );
}
