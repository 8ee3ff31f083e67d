import { describe, expect, test } from 'vitest';
import { tallyMeter } from '../../src/app/gates/tally.ts';
import { gaugeGroup, gaugePartitions, gaugeSlot, gaugeStatus } from '../../src/app/gauges.ts';
import { createMetrics } from '../../src/app/metrics.ts';
import type { FlowStatus, PipelineStatus } from '../../src/app/status.ts';

const NAMED = /^(sluice_\w+)\{[^}]*pipeline="p"/;

/** Metrics behind the tally, as a worker has them, and which figures of the pipeline they show. */
function rig() {
  const metrics = createMetrics('0');
  const shown = async (pattern: RegExp): Promise<string[]> => {
    const names = (await metrics.text()).split('\n').flatMap((line) => NAMED.exec(line)?.[1] ?? []);
    return [...new Set(names)].filter((name) => pattern.test(name)).sort();
  };
  return { metrics, meter: tallyMeter(metrics), shown };
}

const flow: FlowStatus = {
  ...{ flow: 'f', verdict: 'healthy', lagSeconds: 3, freshnessSeconds: 4, lagRecords: 0, landedPerSecond: 0 },
  ...{ toDerive: 0, toSend: 0, documents: 7, parked: 0, oldestParkedSeconds: null, refused: {}, waiting: 0, issues: 0 },
  ...{ blame: null, reason: null },
};
const status: PipelineStatus = {
  ...{ pipeline: 'p', heartbeatAgeSeconds: 2, connector: 'RUNNING', halts: [] },
  flows: [flow],
};

describe('what is not known any more is not shown any more', () => {
  test('lag, freshness and the heartbeat', async () => {
    const { meter, shown } = rig();
    const pattern = /lag_seconds|freshness|heartbeat/;
    gaugeStatus(meter, status, 10_000);
    expect(await shown(pattern)).toEqual([
      'sluice_flow_freshness_seconds',
      'sluice_flow_lag_seconds',
      'sluice_heartbeat_age_seconds',
      'sluice_heartbeat_source_timestamp_seconds',
    ]);
    const unknown = { ...flow, lagSeconds: null, freshnessSeconds: null };
    gaugeStatus(meter, { ...status, heartbeatAgeSeconds: null, flows: [unknown] }, 15_000);
    expect(await shown(pattern)).toEqual([]);
  });

  test('the log of a slot that is gone, and a limit that was taken back', async () => {
    const { meter, shown } = rig();
    const labels = { pipeline: 'p', slot: 's' };
    const slot = {
      ...{ server: 'x', active: true, walStatus: 'reserved', confirmed: '7' },
      ...{ retained: '5', unconfirmed: '1', walLimit: '100' },
    };
    gaugeSlot(meter, labels, slot);
    expect(await shown(/_bytes$/)).toHaveLength(3);
    gaugeSlot(meter, labels, { ...slot, walLimit: '-1048576' });
    expect(await shown(/_bytes$/)).toEqual(['sluice_slot_retained_wal_bytes', 'sluice_slot_unconfirmed_wal_bytes']);
    // a slot that was invalidated holds nothing back, and is no empty one
    gaugeSlot(meter, labels, { ...slot, walStatus: 'lost', retained: null, walLimit: '-1048576' });
    expect(await shown(/_bytes$/)).toEqual(['sluice_slot_unconfirmed_wal_bytes']);
    gaugeSlot(meter, labels, { ...slot, active: null, walStatus: null });
    expect(await shown(/_bytes$/)).toEqual([]);
    expect(await shown(/slot_active/)).toEqual(['sluice_slot_active']);
  });

  test('members of a group whose broker does not answer', async () => {
    const { meter, shown } = rig();
    gaugeGroup(meter, 'p', { state: 'stable', members: 2, idle: 0 });
    expect(await shown(/members/)).toHaveLength(2);
    gaugeGroup(meter, 'p', { state: 'preparingrebalance', members: 2, idle: null });
    expect(await shown(/members/)).toEqual(['sluice_consumer_group_members']);
    gaugeGroup(meter, 'p', null);
    expect(await shown(/members/)).toEqual([]);
  });

  test('partitions that another worker has now', async () => {
    const { metrics, meter } = rig();
    const reading = (partition: number) => ({ topic: 't', partition, lag: 5n, queued: 1, paused: false });
    const before = gaugePartitions(meter, 'p', [reading(0), reading(1)]);
    for (const partition of ['0', '1'])
      meter.gauge('sluice_last_applied_source_timestamp_seconds', { pipeline: 'p', topic: 't', partition }, 1);
    gaugePartitions(meter, 'p', [reading(1)], before);
    const text = await metrics.text();
    expect(text).not.toContain('partition="0"');
    expect(text.match(/partition="1"/g)).toHaveLength(3);
    expect(text).toContain('sluice_inflight_records{pipeline="p"} 1');
  });
});
