import type { CrosswalkEntry } from '../contract/model.ts';

export type CrosswalkProblem = 'CROSSWALK_UNMAPPED' | 'CROSSWALK_NOT_APPROVED' | 'CROSSWALK_NOT_EFFECTIVE';

export interface Translation {
  readonly value: string;
  /** false: the entry holds, but nobody has signed it */
  readonly approved: boolean;
}

/**
 * Translates codes as they are written, blanks around them aside; case counts. Only entries that hold on the day
 * `on` (CCYY-MM-DD) are used, rejected ones never, unapproved ones unless `approvedOnly`.
 */
export function createTranslator(
  entries: readonly CrosswalkEntry[],
  options: { readonly on: string; readonly approvedOnly: boolean },
): (code: string) => Translation | CrosswalkProblem {
  const answers = new Map<string, Translation | CrosswalkProblem>();
  // the best answer among the entries of one code: one that holds, then the reason nearest to holding
  for (const entry of entries) {
    const known = answers.get(entry.source);
    const answer = answerOf(entry, options);
    if (known === undefined || rank(answer) > rank(known)) answers.set(entry.source, answer);
  }
  return (code) => answers.get(code.trim()) ?? 'CROSSWALK_UNMAPPED';
}

function answerOf(
  entry: CrosswalkEntry,
  { on, approvedOnly }: { on: string; approvedOnly: boolean },
): Translation | CrosswalkProblem {
  if (entry.review === 'REJECTED') return 'CROSSWALK_UNMAPPED';
  if ((entry.from !== null && on < entry.from) || (entry.to !== null && on > entry.to))
    return 'CROSSWALK_NOT_EFFECTIVE';
  const approved = entry.review === 'APPROVED' && entry.reviewedBy !== '';
  if (!approved && approvedOnly) return 'CROSSWALK_NOT_APPROVED';
  return { value: entry.target, approved };
}

function rank(answer: Translation | CrosswalkProblem): number {
  if (typeof answer === 'object') return answer.approved ? 4 : 3;
  return ['CROSSWALK_UNMAPPED', 'CROSSWALK_NOT_EFFECTIVE', 'CROSSWALK_NOT_APPROVED'].indexOf(answer);
}
