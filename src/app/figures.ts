import { type Figure, figure } from './figure.ts';
import { RECON_FIGURES } from './reconcile/figure-list.ts';

const GATE_FIGURES = {
  sluice_gate_pass: figure(
    'gauge',
    'gate phase',
    '1 when all clauses of the gate held when it was last judged, else 0',
  ),
  sluice_gate_clause: figure(
    'gauge',
    'gate clause',
    '1 when the clause held when it was last judged, 0 when not, -1 when its evidence is missing, stale or no number',
  ),
};

/** Every metric there is; docs/metrics.md is checked against this list. Labels never hold a key or a row's value. */
export const FIGURES: Readonly<Record<string, Figure>> = {
  sluice_build_info: figure('gauge', 'version commit', 'Always 1, of every process that shows figures'),
  sluice_events_total: figure(
    'counter',
    'pipeline table result',
    'Change events by what landing made of them: landed, stale, parked',
  ),
  sluice_land_seconds: figure('histogram', 'pipeline table', 'Time of one landing transaction, decoding included'),
  sluice_roots_total: figure(
    'counter',
    'pipeline flow result',
    'Roots by what deriving made of them: derived, waiting, parked; failed: each attempt whose transaction failed',
  ),
  sluice_derive_seconds: figure('histogram', 'pipeline flow', 'Time of one deriving transaction'),
  sluice_documents_written_total: figure('counter', 'pipeline flow', 'Documents whose content changed'),
  sluice_target_writes_total: figure('counter', 'pipeline flow target outcome', 'Documents sent, by outcome'),
  sluice_target_write_duration_seconds: figure(
    'histogram',
    'pipeline target',
    'Time of one batch sent to a remote target',
  ),
  sluice_e2e_latency_seconds: figure(
    'histogram',
    'pipeline flow target',
    'Source commit to the target: of `postgres` to the transaction that derives and writes its tables, of any other to its acknowledgement',
  ),
  sluice_stage_duration_seconds: figure(
    'histogram',
    'pipeline flow stage',
    'Time of one change, or one document, in one stage of its way: capture, broker, queue, land, derive, deliver',
  ),
  sluice_notes_total: figure(
    'counter',
    'pipeline flow code',
    "Lines of a migration's own log, by code, e.g. DM_ETL_008",
  ),
  sluice_record_seconds: figure(
    'histogram',
    'pipeline flow',
    'Time of deriving one record, where a migration has a log of its own',
  ),
  sluice_consumer_lag_records: figure('gauge', 'pipeline topic partition', 'Records in the log and not landed'),
  sluice_partition_paused: figure(
    'gauge',
    'pipeline topic partition',
    '1 while nothing is fetched of the partition: it is halted, or landing is slower than fetching',
  ),
  sluice_inflight_records: figure('gauge', 'pipeline', 'Records fetched by this worker and not landed yet'),
  sluice_last_applied_source_timestamp_seconds: figure(
    'gauge',
    'pipeline topic partition',
    'Source commit time of the newest change landed',
  ),
  sluice_consumer_rebalances_total: figure(
    'counter',
    'pipeline',
    'Times this worker was dealt partitions of its consumer group: the first, and one a rebalance',
  ),
  sluice_consumer_group_state: figure(
    'gauge',
    'pipeline state',
    '1 for what the broker says of the consumer group: stable, preparingrebalance, completingrebalance, empty, dead; unreachable: it does not say',
  ),
  sluice_consumer_group_members: figure('gauge', 'pipeline', 'Members of the consumer group'),
  sluice_consumer_group_idle_members: figure(
    'gauge',
    'pipeline',
    'Members of the consumer group without a partition, while it is stable',
  ),
  sluice_flow_lag_seconds: figure(
    'gauge',
    'pipeline flow',
    'Age of the oldest source commit not yet at its target; 0 when none is owed',
  ),
  sluice_flow_freshness_seconds: figure(
    'gauge',
    'pipeline flow',
    'The targets hold all that was committed so many seconds ago, proved by the heartbeat',
  ),
  sluice_flow_verdict: figure('gauge', 'pipeline flow verdict', '1 for the verdict `sluice status` gives, else 0'),
  sluice_flow_blame: figure('gauge', 'pipeline flow stage', '1 for the stage that holds the flow up, else 0'),
  sluice_figures_timestamp_seconds: figure(
    'gauge',
    'pipeline',
    'When the gauges of the ledger were read; old: they say nothing',
  ),
  sluice_heartbeat_age_seconds: figure(
    'gauge',
    'pipeline',
    'Age of the newest heartbeat row landed: right in idle, too',
  ),
  sluice_heartbeat_source_timestamp_seconds: figure(
    'gauge',
    'pipeline',
    'When the newest heartbeat row landed was written at the source',
  ),
  sluice_marks: figure('gauge', 'pipeline flow', 'Roots to derive'),
  sluice_intents: figure('gauge', 'pipeline flow', 'Documents to send'),
  sluice_dlq_depth_records: figure('gauge', 'pipeline flow', 'Parked records, roots and documents'),
  sluice_dlq_oldest_age_seconds: figure(
    'gauge',
    'pipeline flow',
    'Age of what has been parked for longest; 0 when nothing is',
  ),
  sluice_dlq_records_total: figure('counter', 'pipeline reason', 'Records, roots and documents parked, by error code'),
  sluice_waiting: figure('gauge', 'pipeline flow', 'Roots waiting for a row they belong to'),
  sluice_documents: figure(
    'gauge',
    'pipeline flow',
    "Documents the targets should hold; of a copied table the planner's estimate of its rows",
  ),
  sluice_refused: figure(
    'gauge',
    'pipeline flow code',
    'Parked documents, by why they are not at their remote target; DOCUMENT_INVALID: what validation before sending refuses',
  ),
  sluice_outbox_unpublished: figure(
    'gauge',
    'pipeline',
    'Rows of the outboxes of services that no topic has been told yet',
  ),
  sluice_issues: figure('gauge', 'pipeline flow', 'Roots with something odd noted'),
  sluice_halted: figure('gauge', 'pipeline code', 'Flows and partitions halted, by code'),
  sluice_circuit_breaker_state: figure(
    'gauge',
    'pipeline flow state',
    '1 for the state of the breaker of the flow (closed, open), else 0; open: most of its roots fail alike',
  ),
  sluice_gap_detected_total: figure('counter', 'pipeline kind', 'Gaps in capture that this worker was first to find'),
  sluice_gap_open: figure(
    'gauge',
    'pipeline kind',
    'Gaps not closed yet: what was applied since they began is unverified',
  ),
  ...RECON_FIGURES,
  sluice_connector_restarts_total: figure('counter', 'pipeline', 'Failed connector tasks that were restarted'),
  sluice_connector_state: figure('gauge', 'pipeline connector state', "1 for the connector's state, else 0"),
  sluice_connector_task_state: figure(
    'gauge',
    'pipeline connector task state',
    "1 for the task's state, else 0: a running connector may have a failed task",
  ),
  sluice_snapshot_state: figure(
    'gauge',
    'pipeline state',
    '1 for where the newest initial snapshot is: none, reading, landing, complete',
  ),
  sluice_snapshot_rows_total: figure('counter', 'pipeline table', 'Rows of snapshots that were landed'),
  sluice_snapshot_rows_expected: figure(
    'gauge',
    'pipeline table',
    "Rows the source's planner counts, read while a snapshot is not complete",
  ),
  sluice_target_ready: figure(
    'gauge',
    'pipeline target',
    '1 when a remote target was reached and honours the write guard',
  ),
  sluice_source_timestamp_seconds: figure(
    'gauge',
    'pipeline',
    'When the source last answered what was asked of its slot; old: the figures of the slot say nothing',
  ),
  sluice_slot_retained_wal_bytes: figure('gauge', 'pipeline slot', 'Write-ahead log the source keeps for the slot'),
  sluice_slot_unconfirmed_wal_bytes: figure(
    'gauge',
    'pipeline slot',
    'Write-ahead log not yet confirmed by the connector',
  ),
  sluice_slot_active: figure('gauge', 'pipeline slot', '1 when a connector reads the slot'),
  sluice_slot_wal_limit_bytes: figure(
    'gauge',
    'pipeline slot',
    'Log the source keeps for a slot at most; no series where it keeps all',
  ),
  sluice_slot_wal_status: figure(
    'gauge',
    'pipeline slot status',
    '1 for what the source says of the log of the slot: reserved, extended, unreserved, lost; absent: no slot',
  ),
  ...GATE_FIGURES,
  sluice_gate_current: figure(
    'gauge',
    'gate phase',
    '1 when the gate is the one of the present phase, or of a migration without phases; else 0',
  ),
  sluice_ingest_requests_total: figure(
    'counter',
    'status',
    'Requests with readings of devices, by status of the answer',
  ),
  sluice_ingest_readings_total: figure(
    'counter',
    'outcome',
    'Readings of devices: stored, known, misfit, no_such_item, conflict',
  ),
  sluice_ingest_seconds: figure('histogram', '', 'Time of one request with readings of devices'),
};

const SYNC = 'pipeline environment workspace target';

/** What commands that end write into a file for a collector of text files; docs/metrics.md is checked against it, too. */
export const FILE_FIGURES: Readonly<Record<string, Figure>> = {
  sluice_sync_running: figure('gauge', SYNC, '1 while a full sync runs, 0 when it ended'),
  sluice_sync_complete: figure('gauge', SYNC, '1 when the last full sync went from the first service to the last code'),
  sluice_sync_started_timestamp_seconds: figure('gauge', SYNC, 'When the last full sync began'),
  sluice_sync_finished_timestamp_seconds: figure('gauge', SYNC, 'When it ended; no series while it runs'),
  sluice_sync_seconds: figure('gauge', SYNC, 'How long the last full sync took, or has taken up to now'),
  sluice_sync_counts: figure('gauge', `${SYNC} type`, 'Services by outcome and by transformer, and triage codes'),
  sluice_sync_setbacks: figure('gauge', `${SYNC} why`, 'Requests of the last full sync that were sent again'),
  sluice_sync_record_p95_seconds: figure('gauge', SYNC, '95 of 100 services took at most so long'),
  sluice_sync_error_ratio: figure('gauge', `${SYNC} of`, 'Failed ones of services, and of triage codes'),
  sluice_sync_anomalies: figure(
    'gauge',
    SYNC,
    'Counts that moved more than they may since the last complete run; no series where there was none',
  ),
  ...GATE_FIGURES,
};
