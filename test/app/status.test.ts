import { describe, expect, test } from 'vitest';
import { isWell, judge, type Readings } from '../../src/app/status.ts';
import type { FlowFigures } from '../../src/sinks/postgres/index.ts';
import { mini } from '../support/mini-migration.ts';

const idle: Omit<FlowFigures, 'flow'> = {
  marks: 0,
  oldestMarkSeconds: null,
  intents: 0,
  oldestIntentSeconds: null,
  parked: 0,
  oldestParkedSeconds: null,
  refused: {},
  waiting: 0,
  documents: 3,
  issues: 0,
};

const HEARTBEAT = 'mini.sluice_cdc.heartbeat';

function readings(
  over: { children?: Partial<FlowFigures>; behind?: bigint; heartbeat?: number | null } & Partial<Readings>,
): Readings {
  const { children, behind = 0n, heartbeat = 1, ...rest } = over;
  const partition = (topic: string, age: number | null) => ({
    topic,
    partition: 0,
    nextOffset: 100n,
    logTimeMs: null,
    worker: 'w',
    sourceAgeSeconds: age,
    landedAgeSeconds: age,
  });
  return {
    migration: mini,
    flows: mini.flows.map((flow) => ({ flow: flow.name, ...idle, ...(flow.name === 'children' ? children : {}) })),
    partitions: [
      partition('mini.public.parent', 500),
      partition('mini.public.child', 70),
      ...(heartbeat === null ? [] : [partition(HEARTBEAT, heartbeat)]),
    ],
    ends: new Map([
      ['mini.public.parent/0', { low: 0n, high: 100n }],
      ['mini.public.child/0', { low: 0n, high: 100n + behind }],
    ]),
    halts: [],
    connector: 'RUNNING',
    heartbeatTopic: HEARTBEAT,
    owedFor: new Map(),
    ...rest,
  };
}

const of = (now: Readings, flow: string, before: Readings | null = null) =>
  judge('mini', now, before, 2).flows.find((status) => status.flow === flow);

describe('the verdict on a flow', () => {
  test('nothing owed and nothing new is idle, and as fresh as the heartbeat', () => {
    expect(of(readings({}), 'children')).toMatchObject({ verdict: 'idle', lagSeconds: 0, blame: null });
    expect(of(readings({ heartbeat: 4 }), 'children')).toMatchObject({ freshnessSeconds: 4 });
  });

  test('what was just landed and is not owed is healthy', () => {
    const now = readings({});
    const partitions = now.partitions.map((one) => ({ ...one, sourceAgeSeconds: 2 }));
    expect(of({ ...now, partitions }, 'children')).toMatchObject({ verdict: 'healthy', freshnessSeconds: 2 });
  });

  test('with something put aside it is parked, and goes on', () => {
    expect(of(readings({ children: { parked: 2 } }), 'children')).toMatchObject({ verdict: 'parked' });
    expect(isWell(judge('mini', readings({ children: { parked: 2 } }), null, 2))).toBe(true);
  });

  test.each(['SLOT_LOST', 'TOPIC_RECREATED', 'PROGRESS_BELOW_LOG_START'] as const)('%s is a gap', (code) => {
    const halts = [{ scope: 'children', code, reason: 'x', at: '' }];
    expect(of(readings({ halts }), 'children')).toMatchObject({ verdict: 'gap', blame: 'capture' });
    expect(isWell(judge('mini', readings({ halts }), null, 2))).toBe(false);
  });

  test('records owed are blamed on landing', () => {
    const status = of(readings({ behind: 9n }), 'children');
    expect(status).toMatchObject({ lagRecords: 9, lagSeconds: 70, blame: 'land', verdict: 'behind' });
  });

  test('one that owed nothing a moment ago owes nothing old, however long it was quiet', () => {
    const owedFor = new Map([['mini.public.child/0', 2]]);
    expect(of(readings({ behind: 1n, owedFor }), 'children')).toMatchObject({ lagSeconds: 2, verdict: 'healthy' });
  });

  test('of a partition whose first record is never landed it is known how long that is so', () => {
    const now = readings({ behind: 1n, owedFor: new Map([['mini.public.child/0', 600]]) });
    const partitions = now.partitions.map((one) => ({ ...one, sourceAgeSeconds: null }));
    expect(of({ ...now, partitions }, 'children')).toMatchObject({ lagSeconds: 600 });
  });

  test('behind and moving is catching up; behind and still is stalled', () => {
    const before = readings({ behind: 50n });
    const moving = readings({ behind: 20n });
    const partitions = moving.partitions.map((p) => (p.topic === 'mini.public.child' ? { ...p, nextOffset: 130n } : p));
    const after = {
      ...moving,
      partitions,
      ends: new Map([...(moving.ends ?? []), ['mini.public.child/0', { low: 0n, high: 150n }] as const]),
    };
    expect(of(after, 'children', before)).toMatchObject({ verdict: 'catching up', landedPerSecond: 15 });
    expect(of(before, 'children', before)).toMatchObject({ verdict: 'stalled' });
  });

  test('marks and intents name their stage', () => {
    expect(of(readings({ children: { marks: 4, oldestMarkSeconds: 3 } }), 'children')?.blame).toBe('derive');
    const sending = readings({ children: { intents: 4, oldestIntentSeconds: 90 } });
    expect(of(sending, 'children')).toMatchObject({ blame: 'deliver', lagSeconds: 90, verdict: 'behind' });
  });

  test('a silent heartbeat is a stalled capture, with the connector named', () => {
    const status = of(readings({ heartbeat: 40, connector: 'FAILED: no slot' }), 'children');
    expect(status).toMatchObject({ verdict: 'stalled', blame: 'capture' });
    expect(status?.reason).toContain('FAILED: no slot');
  });

  test('a halted topic halts every flow made of it, and no other', () => {
    const halts = [{ scope: 'mini.public.parent/0', code: 'TRUNCATED' as const, reason: 'x', at: '' }];
    expect(of(readings({ halts }), 'children')?.verdict).toBe('halted');
    expect(of(readings({ halts }), 'owners')?.verdict).toBe('idle');
  });

  test('a partition nobody has claimed yet owes all it holds, and nothing of what has expired', () => {
    const now = readings({});
    const ends = new Map([...(now.ends ?? []), ['mini.public.child/1', { low: 40n, high: 43n }] as const]);
    expect(of({ ...now, ends }, 'children')).toMatchObject({ lagRecords: 3, blame: 'land', verdict: 'healthy' });
    const expired = new Map([...(now.ends ?? []), ['mini.public.child/1', { low: 40n, high: 40n }] as const]);
    expect(of({ ...now, ends: expired }, 'children')).toMatchObject({ lagRecords: 0, verdict: 'idle' });
  });

  test('a topic that is gone is unknown lag', () => {
    const ends = new Map([['mini.public.parent/0', { low: 0n, high: 100n }]]);
    expect(of(readings({ ends }), 'children')).toMatchObject({ lagRecords: null });
  });

  test('without a heartbeat and anything landed it is not running', () => {
    const nobody = readings({ heartbeat: null, partitions: [] });
    expect(of(nobody, 'children')).toMatchObject({ verdict: 'not running', lagRecords: 200 });
  });

  test('unknown ends are unknown lag, not none', () => {
    expect(of(readings({ ends: null }), 'children')).toMatchObject({ lagRecords: null, lagSeconds: null });
  });
});
