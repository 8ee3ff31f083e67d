// What the boards show. test/monitoring asks a running Prometheus every query of them.
import { board, lines, number, query, states, table } from './build.mjs';
import { capture, reconciliation } from './sources.mjs';

const P = '{pipeline=~"$pipeline"}';
const F = '{pipeline=~"$pipeline",flow=~"$flow"}';
const TABLES = '{pipeline=~"$pipeline",flow=~"$flow",target="postgres"}';
const STORES = '{pipeline=~"$pipeline",flow=~"$flow",target!="postgres"}';

const share = (target) =>
  `1 - sum by (pipeline) (rate(sluice_e2e_latency_seconds_bucket{pipeline=~"$pipeline",${target},le=~"5|5[.]0"}[$__rate_interval])) / (sum by (pipeline) (rate(sluice_e2e_latency_seconds_count{pipeline=~"$pipeline",${target}}[$__rate_interval])) > 0)`;
const quantile = (q, name, by, selector) =>
  `histogram_quantile(${q}, sum by (${by}, le) (rate(${name}_bucket${selector}[$__rate_interval])))`;

const overview = board({
  uid: 'sluice-overview',
  title: 'Sluice: overview',
  description: 'Is it well, how fresh are the targets, and where to look next. docs/monitoring.md',
  rows: [
    {
      title: 'Now',
      height: 4,
      panels: [
        number('Workers', 'Workers that are scraped', 'none', [query('count(sluice_figures_timestamp_seconds)')], {
          limit: 1,
          low: true,
        }),
        number(
          'Oldest flow',
          'The targets hold all that was committed so long ago',
          's',
          [query(`max(max by (pipeline, flow) (sluice_flow_freshness_seconds${P}))`)],
          { limit: 60 },
        ),
        number(
          'Heartbeat',
          'Age of the newest heartbeat landed',
          's',
          [query(`max(time() - max by (pipeline) (sluice_heartbeat_source_timestamp_seconds${P}))`)],
          { limit: 30 },
        ),
        number(
          'Halted',
          'Flows and partitions that wait for a person',
          'none',
          [query(`sum(max by (pipeline, code) (sluice_halted${P}))`)],
          { limit: 1 },
        ),
        number(
          'Parked',
          'Records, roots and documents put aside',
          'none',
          [query(`sum(max by (pipeline, flow) (sluice_dlq_depth_records${P}))`)],
          { limit: 1 },
        ),
        number('Firing', 'Alerts that fire', 'none', [query('count(ALERTS{alertstate="firing"}) or vector(0)')], {
          limit: 1,
        }),
      ],
    },
    {
      title: 'Flows',
      panels: [
        states('Verdicts', 'What `sluice status` says of each flow', [
          query(
            `max by (pipeline, flow, verdict) (sluice_flow_verdict${P}) == 1`,
            '{{pipeline}} {{flow}}: {{verdict}}',
          ),
        ]),
        lines(
          'Freshness',
          'The targets hold all that was committed so long ago, proved by the heartbeat',
          's',
          [query(`max by (pipeline, flow) (sluice_flow_freshness_seconds${P})`, '{{pipeline}} {{flow}}')],
          { limit: 60 },
        ),
        lines(
          'Slower than 5 s',
          'Share of changes; the objective allows 1% over 28 days',
          'percentunit',
          [
            query(share('target="postgres"'), '{{pipeline}}, service schemas'),
            query(share('target!="postgres"'), '{{pipeline}}, remote targets'),
          ],
          { limit: 0.144 },
        ),
        lines('Changes', 'Landed each second', 'cps', [
          query(
            `sum by (pipeline) (rate(sluice_events_total{pipeline=~"$pipeline",result="landed"}[$__rate_interval]))`,
            '{{pipeline}}',
          ),
        ]),
      ],
    },
    {
      title: 'Put aside',
      panels: [
        lines('Parked within 15 minutes', 'Dead letters as they come', 'short', [
          query('sluice:parked:increase15m', '{{pipeline}}'),
        ]),
        lines('Parked, by reason', 'Error codes; docs/errors.md says what each asks for', 'short', [
          query(`sum by (reason) (increase(sluice_dlq_records_total${P}[15m]))`, '{{reason}}'),
        ]),
        table('Halts', 'By code', 'none', [query(`max by (pipeline, code) (sluice_halted${P}) > 0`)]),
      ],
    },
  ],
});

const flow = board({
  uid: 'sluice-flow',
  title: 'Sluice: one flow',
  description: 'Where a change spends its time between its commit and its target',
  flows: true,
  rows: [
    {
      title: 'Where the time goes',
      panels: [
        lines(
          'Stages, 99 of 100',
          'capture, broker, queue, land, derive, deliver: the one that grows is to blame',
          's',
          [query(quantile('0.99', 'sluice_stage_duration_seconds', 'flow, stage', F), '{{flow}} {{stage}}')],
        ),
        lines(
          'Stages, on average',
          'They add up to the whole way',
          's',
          [
            query(
              `sum by (flow, stage) (rate(sluice_stage_duration_seconds_sum${F}[$__rate_interval])) / (sum by (flow, stage) (rate(sluice_stage_duration_seconds_count${F}[$__rate_interval])) > 0)`,
              '{{flow}} {{stage}}',
            ),
          ],
          { stack: true },
        ),
        states('To blame', 'The stage that holds the flow up', [
          query(`max by (flow, stage) (sluice_flow_blame${F}) == 1`, '{{flow}}: {{stage}}'),
        ]),
        lines(
          'Commit to target',
          'Median and 99 of 100',
          's',
          [
            query(quantile('0.5', 'sluice_e2e_latency_seconds', 'flow', TABLES), '{{flow}} derived, median'),
            query(quantile('0.99', 'sluice_e2e_latency_seconds', 'flow', TABLES), '{{flow}} derived, 99'),
            query(quantile('0.99', 'sluice_e2e_latency_seconds', 'flow, target', STORES), '{{flow}} {{target}}, 99'),
          ],
          { limit: 5 },
        ),
      ],
    },
    {
      title: 'Work',
      panels: [
        lines('Owed', 'Roots to derive and documents to send', 'short', [
          query(`max by (flow) (sluice_marks${F})`, '{{flow}} derive'),
          query(`max by (flow) (sluice_intents${F})`, '{{flow}} send'),
        ]),
        lines('Not landed', 'Records in the log, by topic', 'short', [
          query(`sum by (topic) (sluice_consumer_lag_records${P})`, '{{topic}}'),
        ]),
        lines('Roots', 'By what deriving made of them', 'ops', [
          query(`sum by (flow, result) (rate(sluice_roots_total${F}[$__rate_interval]))`, '{{flow}} {{result}}'),
        ]),
        lines('Deliveries', 'By outcome', 'ops', [
          query(
            `sum by (flow, target, outcome) (rate(sluice_target_writes_total${F}[$__rate_interval]))`,
            '{{flow}} {{target}} {{outcome}}',
          ),
        ]),
      ],
    },
    {
      title: 'Put aside',
      panels: [
        lines(
          'Parked, waiting, odd',
          'Records, roots and documents; roots that wait for another; roots with something noted',
          'short',
          [
            query(`max by (flow) (sluice_dlq_depth_records${F})`, '{{flow}} parked'),
            query(`max by (flow) (sluice_waiting${F})`, '{{flow}} waiting'),
            query(`max by (flow) (sluice_issues${F})`, '{{flow}} odd'),
          ],
        ),
        lines('Oldest parked', 'What was put aside first and is still there', 's', [
          query(`max by (flow) (sluice_dlq_oldest_age_seconds${F})`, '{{flow}}'),
        ]),
        states('Breaker', '1: open, most roots of the flow fail alike', [
          query(
            `max by (flow) (sluice_circuit_breaker_state{pipeline=~"$pipeline",flow=~"$flow",state="open"})`,
            '{{flow}}',
          ),
        ]),
        lines('Documents', 'That the targets should hold', 'short', [
          query(`max by (flow) (sluice_documents${F})`, '{{flow}}'),
        ]),
      ],
    },
  ],
});

export const BOARDS = { overview, flow, capture, reconciliation };
