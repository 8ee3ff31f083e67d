/** Counts of one run by what they count. */
export type CountsByType = Readonly<Record<string, number>>;

/** A count that is far from what it was. */
export interface Moved {
  readonly type: string;
  readonly before: number;
  readonly now: number;
  /** of what it was; null when there was none */
  readonly share: number | null;
}

/** fewer than this come and go every day, whatever share of a small count they are */
const FEW = 5;

/**
 * The counts that moved by more than `share` of what they were, by name. A few more or less are none, unless the count
 * fell to nothing.
 */
export function movedCounts(before: CountsByType, now: CountsByType, share: number): readonly Moved[] {
  const types = [...new Set([...Object.keys(before), ...Object.keys(now)])].sort();
  return types.flatMap((type): readonly Moved[] => {
    const [was, is] = [before[type] ?? 0, now[type] ?? 0];
    const by = Math.abs(is - was);
    if (by <= share * was || (by < FEW && is > 0)) return [];
    return [{ type, before: was, now: is, share: was === 0 ? null : by / was }];
  });
}
