// Boards of what Sluice depends on and of what proves it.
import { board, lines, query, states, table } from './build.mjs';

const P = '{pipeline=~"$pipeline"}';

export const capture = board({
  uid: 'sluice-capture',
  title: 'Sluice: connectors and slots',
  description: 'Does anything come in, and what does the source keep for us',
  rows: [
    {
      title: 'Connectors',
      panels: [
        states('Task', 'A running connector may have a failed task', [
          query(
            `max by (connector, task, state) (sluice_connector_task_state${P}) == 1`,
            '{{connector}}/{{task}}: {{state}}',
          ),
        ]),
        states('Connector', 'As Kafka Connect has it', [
          query(`max by (connector, state) (sluice_connector_state${P}) == 1`, '{{connector}}: {{state}}'),
        ]),
        lines(
          'Heartbeat',
          'Age of the newest one landed',
          's',
          [query(`time() - max by (pipeline) (sluice_heartbeat_source_timestamp_seconds${P})`, '{{pipeline}}')],
          { limit: 30 },
        ),
        lines(
          'Restarts',
          'Failed tasks that a worker restarted',
          'short',
          [query(`sum by (pipeline) (increase(sluice_connector_restarts_total${P}[15m]))`, '{{pipeline}}')],
          { limit: 3 },
        ),
      ],
    },
    {
      title: 'Slots',
      panels: [
        lines('Log kept', 'By the source for the slot, against its limit', 'bytes', [
          query('sluice:slot_retained_bytes:max', '{{slot}}'),
          query('sluice:slot_limit_bytes:max', '{{slot}} limit'),
        ]),
        lines('Not confirmed', 'Log the connector has not acknowledged', 'bytes', [
          query(`max by (slot) (sluice_slot_unconfirmed_wal_bytes${P})`, '{{slot}}'),
        ]),
        states('Log of the slot', 'unreserved: minutes are left', [
          query(`max by (slot, status) (sluice_slot_wal_status${P}) == 1`, '{{slot}}: {{status}}'),
        ]),
        states('Read', 'Whether a connector reads the slot', [
          query(`max by (slot) (sluice_slot_active${P})`, '{{slot}}'),
        ]),
      ],
    },
    {
      title: 'Fetching',
      panels: [
        lines('In flight', 'Records fetched and not landed yet, of all workers', 'short', [
          query(`sum by (pipeline) (sluice_inflight_records${P})`, '{{pipeline}}'),
        ]),
        lines('Held back', 'Partitions of which nothing is fetched: landing is slower, or they are halted', 'short', [
          query(`sum by (pipeline) (sluice_partition_paused${P})`, '{{pipeline}}'),
        ]),
        lines('Newest change landed', 'Committed so long ago, by topic; grows old in idle', 's', [
          query(`time() - max by (topic) (sluice_last_applied_source_timestamp_seconds${P})`, '{{topic}}'),
        ]),
        lines('Rebalances', 'Of the consumer group within 15 minutes', 'short', [
          query(`sum by (pipeline) (increase(sluice_consumer_rebalances_total${P}[15m]))`, '{{pipeline}}'),
        ]),
      ],
    },
    {
      title: 'Snapshot',
      panels: [
        states('Initial snapshot', 'Where the newest one is', [
          query(`max by (pipeline, state) (sluice_snapshot_state${P}) == 1`, '{{pipeline}}: {{state}}'),
        ]),
        lines('Rows read', 'Landed of snapshots since the workers began', 'short', [
          query(`sum by (pipeline, table) (sluice_snapshot_rows_total${P})`, '{{pipeline}} {{table}}'),
        ]),
      ],
    },
  ],
});

export const reconciliation = board({
  uid: 'sluice-reconciliation',
  title: 'Sluice: reconciliation and gates',
  description: 'Do both sides agree, how sure is that, and which gates pass',
  rows: [
    {
      title: 'Both sides',
      panels: [
        lines(
          'Divergence',
          'Share of what was compared that differs and was not put right; the gate allows 0.5%',
          'percentunit',
          [query('sluice:divergence:ratio', '{{pipeline}} {{flow}}')],
          { limit: 0.005 },
        ),
        lines(
          'Oldest finding',
          'The manual playbook begins at 15 minutes',
          's',
          [query(`max by (pipeline, flow) (sluice_recon_oldest_unresolved_age_seconds${P})`, '{{pipeline}} {{flow}}')],
          { limit: 900 },
        ),
        lines('Findings', 'By kind and state', 'short', [
          query(
            `sum by (kind, state) (max by (pipeline, flow, kind, state) (sluice_recon_divergent_records${P}))`,
            '{{kind}}, {{state}}',
          ),
        ]),
        lines(
          'Last whole comparison',
          'So long ago; after 26 hours it is no evidence',
          's',
          [
            query(
              `time() - max by (pipeline, flow) (sluice_recon_last_success_timestamp_seconds${P} > 0)`,
              '{{pipeline}} {{flow}}',
            ),
          ],
          { limit: 93600 },
        ),
        lines('Digest', 'Rows that differ in the last one', 'short', [
          query(`max by (pipeline, flow) (sluice_recon_digest_differing_records${P})`, '{{pipeline}} {{flow}}'),
        ]),
        lines(
          'Seen',
          'Share of all there is that the last whole comparison, and the last digest, have seen',
          'percentunit',
          [
            query(`min by (pipeline, flow) (sluice_recon_coverage_ratio${P})`, '{{pipeline}} {{flow}}'),
            query(`min by (pipeline, flow) (sluice_recon_digest_coverage_ratio${P})`, '{{pipeline}} {{flow}}, digest'),
          ],
        ),
        table('Compared', 'Documents in the last whole comparison', 'short', [
          query(`max by (pipeline, flow) (sluice_recon_compared_records${P})`),
        ]),
        table('Gaps', 'What was applied since they began is unverified', 'none', [
          query(`max by (pipeline, kind) (sluice_gap_open${P}) > 0`),
        ]),
      ],
    },
    {
      title: 'Gates',
      panels: [
        states('Passed', 'Over all clauses', [query('min by (gate, phase) (sluice_gate_pass)', '{{gate}} {{phase}}')]),
        table('Clauses that do not hold', '0: the figure is not good enough; -1: there is no evidence', 'none', [
          query('min by (gate, clause) (sluice_gate_clause) < 1'),
        ]),
      ],
    },
  ],
});
