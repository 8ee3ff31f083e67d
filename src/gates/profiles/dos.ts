import type { Profile } from '../clause.ts';

/** The service levels of the Directory of Services. docs/dos-commands.md and monitoring/dos.rules.yml name them too. */
export const DOS_LIMITS = {
  /** 95 of 100 records take less */
  recordSeconds: 0.25,
  errorRatio: 0.01,
  fullSyncSeconds: 1800,
  /** by which a count may move from run to run */
  anomalyShare: 0.1,
  /** a run a night, and two hours more */
  ageHours: 26,
} as const;

export const DOS_PROFILES: readonly Profile[] = [
  {
    name: 'dos',
    clauses: [
      { gate: 'EVIDENCE_FRESH', figure: 'ageHours', test: 'at-most', threshold: DOS_LIMITS.ageHours },
      { gate: 'RECORD_P95_BELOW', figure: 'recordP95Seconds', test: 'below', threshold: DOS_LIMITS.recordSeconds },
      { gate: 'ERROR_RATIO_MAX', figure: 'errorRatio', test: 'at-most', threshold: DOS_LIMITS.errorRatio },
      { gate: 'FULL_SYNC_MAX', figure: 'fullSyncSeconds', test: 'at-most', threshold: DOS_LIMITS.fullSyncSeconds },
      { gate: 'ANOMALY_SHARE_MAX', figure: 'anomalyShare', test: 'at-most', threshold: DOS_LIMITS.anomalyShare },
      { gate: 'NO_ANOMALIES', figure: 'anomalies', test: 'at-most', threshold: 0 },
    ],
  },
];
