import type { PhaseProfile } from '../judge.ts';
import type { Evidence, WindowClause } from '../window.ts';

const MINUTE = 60;
const HOUR = 3600;
const DAY = 24 * HOUR;

type PhaseClause = PhaseProfile['clauses'][number];
type Said = Pick<PhaseClause, 'clause' | 'says' | 'figure' | 'test' | 'threshold'> &
  Partial<Omit<WindowClause, 'evidence'>> & { readonly evidence?: Partial<Evidence> };

/** A figure that is recorded each minute, over a day unless told. */
const streamed = ({ evidence, ...said }: Said): PhaseClause => ({
  of: 'whole',
  over: 'every',
  windowSeconds: DAY,
  ...said,
  evidence: {
    measurements: 60,
    gapSeconds: 5 * MINUTE,
    ageSeconds: 2 * MINUTE,
    sample: null,
    coverage: null,
    ...evidence,
  },
});

/** A figure of runs of which the last one counts. */
const lastOf = (ageSeconds: number, { evidence, ...said }: Said): PhaseClause => ({
  of: 'whole',
  over: 'last',
  windowSeconds: ageSeconds,
  ...said,
  evidence: { measurements: 1, gapSeconds: null, ageSeconds, sample: null, coverage: null, ...evidence },
});

/** What was compared longer ago says nothing of now. */
export const RECONCILED_SECONDS = 3 * HOUR;

/** A figure of reconciliation, of each flow, at every run of a day. */
const reconciled = (said: Said): PhaseClause =>
  streamed({
    of: 'each-flow',
    ...said,
    evidence: {
      measurements: 8,
      gapSeconds: RECONCILED_SECONDS,
      ageSeconds: RECONCILED_SECONDS,
      sample: 1,
      ...said.evidence,
    },
  });

/** Something was looked at: a count of nothing found where nobody looked is no evidence. */
const LOOKED = { sample: 1 } as const;
const none = (clause: string, figure: PhaseClause['figure'], says: string): PhaseClause =>
  lastOf(DAY, { clause, says, figure, test: 'at-most', threshold: 0, evidence: LOOKED });
const done = (clause: string, figure: PhaseClause['figure'], says: string): PhaseClause =>
  lastOf(30 * DAY, { clause, says, figure, test: 'at-least', threshold: 1, evidence: LOOKED });

/** The acceptance criteria of the five phases of `supabase`, each in its clauses; docs/gates.md says where each comes from. */
export const SUPABASE_PHASES: readonly PhaseProfile[] = [
  {
    name: 'foundation',
    migration: 'supabase',
    clauses: [
      streamed({
        clause: 'CDC_LAG_UNDER_5S',
        says: 'of each flow less than 1 in 100 changes of a day took more than 5 s from its commit into PostgreSQL',
        figure: 'cdc.lateRatio',
        of: 'each-flow',
        over: 'ratio',
        test: 'below',
        threshold: 0.01,
        evidence: { sample: 1000 },
      }),
      streamed({
        clause: 'CDC_DELIVERY_LAG_UNDER_5S',
        says: 'and less than 1 in 100 took more than 5 s to the acknowledgement of the FHIR server',
        figure: 'cdc.lateDeliveryRatio',
        of: 'each-flow',
        over: 'ratio',
        test: 'below',
        threshold: 0.01,
        evidence: { sample: 1000 },
      }),
      streamed({
        clause: 'CDC_NEVER_STALLED',
        says: 'no flow owed a change for more than 5 min',
        figure: 'cdc.owedSeconds',
        of: 'each-flow',
        test: 'at-most',
        threshold: 5 * MINUTE,
      }),
      streamed({
        clause: 'CDC_HEARTBEAT',
        says: 'heartbeats came through, so that silence was idleness',
        figure: 'cdc.heartbeatAgeSeconds',
        test: 'at-most',
        threshold: MINUTE,
      }),
      lastOf(10 * MINUTE, {
        clause: 'CDC_NO_GAP',
        says: 'no gap in capture was open in the last 10 min: no change is missing that anybody knows of',
        figure: 'cdc.openGaps',
        over: 'every',
        test: 'at-most',
        threshold: 0,
      }),
      lastOf(7 * DAY, {
        clause: 'DRY_RUN_ALL_TABLES',
        says: 'a dry run of the last 7 days read and derived every mapped table',
        figure: 'dryRun.tablesUncovered',
        test: 'at-most',
        threshold: 0,
        evidence: { sample: 1, coverage: 1 },
      }),
      lastOf(7 * DAY, {
        clause: 'DRY_RUN_NOTHING_PARKED',
        says: 'that dry run parked nothing',
        figure: 'dryRun.parked',
        test: 'at-most',
        threshold: 0,
        evidence: { sample: 1, coverage: 1 },
      }),
      streamed({
        clause: 'BUNDLES_VALID',
        says: "no FHIR document failed validation, ours or the server's",
        figure: 'bundles.invalid',
        test: 'at-most',
        threshold: 0,
        evidence: { sample: 1 },
      }),
    ],
  },
  {
    name: 'read-parity',
    migration: 'supabase',
    clauses: [
      reconciled({
        clause: 'COUNTS_IDENTICAL_24H',
        says: 'counts of both sides at one position were the same at every run of 24 h',
        figure: 'reconcile.countsDiffer',
        test: 'at-most',
        threshold: 0,
        evidence: { coverage: 1 },
      }),
      streamed({
        clause: 'SHADOW_FIELDS_MATCH',
        says: 'less than 0.1% of fields differed in shadow reads of 24 h',
        figure: 'shadow.fieldMismatchRatio',
        over: 'ratio',
        test: 'below',
        threshold: 0.001,
        evidence: { sample: 10_000 },
      }),
      lastOf(30 * DAY, {
        clause: 'FHIR_SAMPLES_VALID',
        says: 'the newest sample pack has every type, nothing missing and no fault',
        figure: 'samples.faults',
        test: 'at-most',
        threshold: 0,
        evidence: { sample: 1, coverage: 1 },
      }),
      lastOf(30 * DAY, {
        clause: 'FHIR_SAMPLES_SIGNED_OFF',
        says: 'somebody has put a name under the newest sample pack',
        figure: 'samples.signedOff',
        test: 'at-least',
        threshold: 1,
        evidence: { sample: 1 },
      }),
    ],
  },
  {
    name: 'write-strangler',
    migration: 'supabase',
    clauses: [
      streamed({
        clause: 'WRITE_ERRORS_7D',
        says: 'less than 1% of writes to the new stores failed over 7 days',
        figure: 'writes.errorRatio',
        over: 'ratio',
        test: 'below',
        threshold: 0.01,
        windowSeconds: 7 * DAY,
        evidence: { sample: 1000, measurements: 1000, gapSeconds: HOUR },
      }),
      streamed({
        clause: 'GATEWAY_WRITE_ERRORS_7D',
        says: "less than 1% of the users' writes through the gateway failed over 7 days",
        figure: 'gateway.writeErrorRatio',
        over: 'ratio',
        test: 'below',
        threshold: 0.01,
        windowSeconds: 7 * DAY,
        evidence: { sample: 1000, measurements: 1000, gapSeconds: HOUR },
      }),
      reconciled({
        clause: 'DIVERGENCE_UNDER_HALF_PERCENT',
        says: 'unresolved divergence was under 0.5% at every run of 24 h, what was not looked at counted as divergent',
        figure: 'reconcile.divergenceRatio',
        test: 'below',
        threshold: 0.005,
        unseenCounts: true,
      }),
      done('FLAGS_TOGGLE', 'flags.toggled', 'a flag was turned and back again without a deployment'),
      streamed({
        clause: 'RETIRE_ERRORS',
        says: 'legacy calls are retired only with less than 0.5% errors in 24 h',
        figure: 'gateway.errorRatio',
        over: 'ratio',
        test: 'below',
        threshold: 0.005,
        evidence: { sample: 1000 },
      }),
      reconciled({
        clause: 'RETIRE_DRIFT',
        says: 'and with less than 0.1% drift at every run of 24 h',
        figure: 'reconcile.divergenceRatio',
        test: 'below',
        threshold: 0.001,
        unseenCounts: true,
      }),
      none('LEGACY_CALLS_RETIRED', 'gateway.legacyCalls', 'no client calls legacy any more'),
    ],
  },
  {
    name: 'full-cutover',
    migration: 'supabase',
    clauses: [
      lastOf(6 * HOUR, {
        clause: 'LEGACY_READ_ONLY',
        says: 'the legacy tables are frozen, and a proof of the last 6 h says so',
        figure: 'legacy.readOnly',
        test: 'at-least',
        threshold: 1,
        evidence: { sample: 1 },
      }),
      lastOf(6 * HOUR, {
        clause: 'LEGACY_NO_WRITES_48H',
        says: 'no write was committed to them for 48 h, from the log',
        figure: 'legacy.provenSeconds',
        test: 'at-least',
        threshold: 48 * HOUR,
      }),
      lastOf(6 * HOUR, {
        clause: 'LEGACY_NO_WRITES',
        says: 'and none was found since they were frozen',
        figure: 'legacy.writes',
        test: 'at-most',
        threshold: 0,
      }),
      none('DASHBOARDS_NEW_STORES', 'dashboards.legacyReads', 'dashboards read the new stores only'),
      done('ROLLBACK_DRILLED', 'drill.rollback', 'the way back was rehearsed'),
    ],
  },
  {
    name: 'decommission',
    migration: 'supabase',
    clauses: [
      lastOf(30 * DAY, {
        clause: 'ARCHIVE_VERIFIED',
        says: 'an archive of every table was read back, each checksum right',
        figure: 'archive.faults',
        test: 'at-most',
        threshold: 0,
        evidence: { sample: 1, coverage: 1 },
      }),
      none('LEGACY_SECRETS_GONE', 'secrets.legacyLeft', 'no secret of legacy is left'),
      streamed({
        clause: 'KPIS_30_DAYS',
        says: 'no KPI was missed for 30 days',
        figure: 'kpi.missed',
        test: 'at-most',
        threshold: 0,
        windowSeconds: 30 * DAY,
        evidence: { measurements: 30, gapSeconds: 26 * HOUR, ageSeconds: 26 * HOUR },
      }),
    ],
  },
];
