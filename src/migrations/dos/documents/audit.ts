import type { JsonObject } from '../../../core/index.ts';

/** Who writes, as the items say it. */
const WRITER = { type: 'app', value: 'INTERNAL001', display: 'Data Migration' } as const;
export const TRIAGE_WRITER = { type: 'app', value: 'SYSTEM', display: 'SYSTEM' } as const;

export const AUDIT = ['created', 'createdBy', 'lastUpdated', 'lastUpdatedBy'] as const;

/** An instant as the reference writes it: microseconds, left out when there are none. */
const instant = (at: string, zone: string): string => at.replace(/\.0+Z$/, 'Z').replace(/Z$/, zone);
export const createdText = (at: string): string => instant(at, 'Z');
export const changedText = (at: string): string => instant(at, '+00:00');

type By = Readonly<Record<'type' | 'value' | 'display', string>>;

/** Audit fields of something written for the first time. */
export const firstStamps = (at: string, by: By = WRITER): JsonObject => ({
  created: createdText(at),
  createdBy: by,
  lastUpdated: createdText(at),
  lastUpdatedBy: by,
});

/** Audit fields of a new form of a stored item: who made it, and when, stays. */
export const laterStamps = (stored: JsonObject, at: string): JsonObject => ({
  created: stored.created ?? createdText(at),
  createdBy: stored.createdBy ?? WRITER,
  lastUpdated: changedText(at),
  lastUpdatedBy: WRITER,
});
