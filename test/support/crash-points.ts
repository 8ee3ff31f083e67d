/** Points of crash-points.mjs with how many passes of each a few seconds of traffic surely make. */
export const CRASH_POINTS: Readonly<Record<string, number>> = {
  fetched: 6,
  decoded: 60,
  'progress-moved': 8,
  landed: 8,
  'before-commit': 30,
  'commit-sent': 30,
  committed: 30,
  derived: 8,
  'intent-written': 6,
  'marks-deleted': 8,
  'request-sent': 6,
  'request-done': 6,
  acknowledged: 6,
  'kafka-commit': 1,
};
