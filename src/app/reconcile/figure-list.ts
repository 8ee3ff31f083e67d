import { figure } from '../figure.ts';

/** What the comparing process shows. */
export const RECON_FIGURES = {
  sluice_recon_compared_total: figure(
    'counter',
    'pipeline flow engine store',
    'Documents compared with their target, each look counted, by engine (scan, stream, digest, recheck) and kind of target',
  ),
  sluice_recon_compared_records: figure('gauge', 'pipeline flow', 'Documents compared in the last whole scan'),
  sluice_recon_divergent_records: figure(
    'gauge',
    'pipeline flow state kind',
    'Open findings: suspect, confirmed, repaired (not yet seen to be right), accepted',
  ),
  sluice_recon_oldest_unresolved_age_seconds: figure(
    'gauge',
    'pipeline flow',
    'Age of the oldest finding that is neither right again nor accepted; beyond 900 it is for the manual playbook',
  ),
  sluice_recon_last_success_timestamp_seconds: figure('gauge', 'pipeline flow', 'When the last whole scan ended'),
  sluice_recon_unverified_records: figure(
    'gauge',
    'pipeline flow',
    'Documents and roots the last scan could say nothing of: parked, waiting, or not read',
  ),
  sluice_recon_hot_excluded: figure('gauge', 'pipeline flow', 'Roots on their way at every look of the last scan'),
  sluice_recon_coverage_ratio: figure('gauge', 'pipeline flow', 'Share of all there is that the last scan compared'),
  sluice_recon_divergence_upper95: figure(
    'gauge',
    'pipeline flow',
    '95% upper bound of the share of documents with an unresolved finding',
  ),
  sluice_recon_counts_differ: figure(
    'gauge',
    'pipeline flow',
    'Differences between documents on record and at targets that can be listed, or confirmed missing and extra documents and source rows, whichever is more',
  ),
  sluice_recon_scan_seconds: figure('gauge', 'pipeline flow', 'How long the last whole scan took, all flows together'),
  sluice_recon_digest_records: figure('gauge', 'pipeline flow', "Rows of the flow's tables in the last digest"),
  sluice_recon_digest_differing_records: figure(
    'gauge',
    'pipeline flow',
    'Rows that differed in the last digest and were not found right by looking at them',
  ),
  sluice_recon_digest_coverage_ratio: figure(
    'gauge',
    'pipeline flow',
    "Share of the documents of the flow's tables that the last digest added up",
  ),
  sluice_recon_digest_seconds: figure('gauge', 'pipeline flow', 'How long the last digest took, all flows together'),
  sluice_recon_digest_last_success_timestamp_seconds: figure('gauge', 'pipeline flow', 'When the last digest ended'),
  sluice_recon_waiting_keys: figure(
    'gauge',
    'pipeline',
    'Changed rows and roots the stream engine has still to look at',
  ),
  sluice_remediations_total: figure(
    'counter',
    'pipeline flow',
    'Findings repaired without being asked, as their policy lets them',
  ),
};
