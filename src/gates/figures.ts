/**
 * Figures that gates are judged by and who records each; null: the part that would is not built, so a clause over it has
 * no evidence. docs/gates.md has the same list, with what each means.
 */
export const GATE_FIGURES = {
  'cdc.lateRatio': '`sluice run`, every 40 s',
  'cdc.lateDeliveryRatio': '`sluice run` and `sluice run fhir-sync`, every 40 s',
  'cdc.lagSeconds.p99': '`sluice run`, every 40 s',
  'cdc.owedSeconds': '`sluice run`, every 40 s',
  'cdc.heartbeatAgeSeconds': '`sluice run`, every 40 s',
  'cdc.openGaps': '`sluice run`, every 40 s',
  'writes.errorRatio': '`sluice run`, every 40 s',
  'bundles.invalid': '`sluice run`, every 40 s',
  'dryRun.tablesUncovered': '`sluice migrate supabase --dry-run` of all tables',
  'dryRun.parked': '`sluice migrate supabase --dry-run` of all tables',
  'reconcile.divergenceRatio': '`sluice reconcile run`',
  'reconcile.countsDiffer': '`sluice reconcile run`',
  'samples.faults': '`sluice fhir sample-pack`',
  'samples.signedOff': '`sluice gates sign-off --samples DIR`',
  'legacy.readOnly': '`sluice legacy freeze | verify | unfreeze`',
  'legacy.writes': '`sluice legacy verify`',
  'legacy.provenSeconds': '`sluice legacy freeze | verify | unfreeze`',
  'archive.faults': '`sluice archive verify`',
  'shadow.fieldMismatchRatio': null,
  'gateway.writeErrorRatio': null,
  'gateway.errorRatio': null,
  'gateway.legacyCalls': null,
  'flags.toggled': null,
  'dashboards.legacyReads': null,
  'drill.rollback': null,
  'secrets.legacyLeft': null,
  'kpi.missed': null,
} as const satisfies Readonly<Record<string, string | null>>;

export type GateFigure = keyof typeof GATE_FIGURES;
