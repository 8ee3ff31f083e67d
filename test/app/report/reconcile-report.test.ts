import { describe, expect, test } from 'vitest';
import { reconcileReport } from '../../../src/app/report/reconcile-report.ts';
import { reportMarkdown } from '../../../src/app/report/report-markdown.ts';
import type { FlowStatus, PipelineStatus } from '../../../src/app/status.ts';
import type { MeasuredFigure } from '../../../src/sinks/postgres/index.ts';

const flow: FlowStatus = {
  flow: 'parents',
  verdict: 'idle',
  lagSeconds: 0,
  freshnessSeconds: 2.04,
  lagRecords: 0,
  landedPerSecond: null,
  toDerive: 0,
  toSend: 0,
  documents: 12,
  parked: 0,
  oldestParkedSeconds: null,
  refused: {},
  waiting: 0,
  issues: 1,
  blame: null,
  reason: null,
};
const status = (...flows: FlowStatus[]): PipelineStatus => ({
  pipeline: 'mini',
  heartbeatAgeSeconds: 2.04,
  connector: 'RUNNING',
  halts: [],
  flows,
});
const compared: MeasuredFigure = {
  figure: 'reconcile.divergenceRatio',
  flow: 'parents',
  newest: 0,
  least: 0,
  most: 0.002,
  times: 24,
  sample: 400,
  coverage: 1,
  oldestSeconds: 61.44,
  at: '2026-01-01T23:00:00.000000Z',
  source: 'reconcile scan',
};
const figure = (name: string, newest: number): MeasuredFigure => ({ ...compared, figure: `reconcile.${name}`, newest });
const given = { at: '2026-01-02T00:00:00.000Z', hours: 24 };

describe('the nightly report', () => {
  test('is well when every flow works, was compared whole and lately, and nothing differs', () => {
    const none = ['unresolved', 'countsDiffer', 'digestDiffering'].map((name) => figure(name, 0));
    const report = reconcileReport({ status: status(flow), figures: [compared, ...none], ...given });
    expect(report).toMatchObject({ well: true, complaints: [] });
    const page = reportMarkdown(report);
    expect(page).toContain('2026-01-02 00:00 UTC, the last 24 hours. All is well.');
    expect(page).toContain('| parents | idle | 2 s | 0 s | 0 | 0 | 0 | 12 | 0 | 0 | 1 |');
    expect(page).toContain(
      '| reconcile.divergenceRatio | parents | 0 | 0 | 0.002 | 24 | 400 | 100% | 61.4 s | 2026-01-01T23:00:00 | reconcile scan |',
    );
  });

  test('without a comparison is not well, whatever the flows say', () => {
    const report = reconcileReport({ status: status(flow), figures: [{ ...compared, figure: 'cdc.lag' }], ...given });
    expect(report.well).toBe(false);
    expect(reportMarkdown(report)).toContain('- nothing was compared within 24 hours');
  });

  test('says of each flow that does not work why, and what is put aside', () => {
    const stuck = { ...flow, flow: 'b', verdict: 'stalled', blame: 'deliver', reason: 'no | answer\nyet' } as const;
    const aside = { ...flow, flow: 'c', verdict: 'parked', parked: 3 } as const;
    const figures = [
      { ...compared, flow: 'b' },
      { ...compared, flow: 'c' },
    ];
    const report = reconcileReport({ status: status(stuck, aside), figures, ...given });
    expect(report.well).toBe(false);
    expect(report.complaints).toEqual([
      'b: stalled, deliver is to blame; no | answer\nyet',
      'c: 3 put aside, which nothing has verified',
    ]);
  });

  test.each<[string, readonly MeasuredFigure[], readonly string[]]>([
    ['a finding is confirmed', [compared, figure('unresolved', 2)], ['2 documents with an unresolved finding']],
    ['only the share is there', [{ ...compared, newest: 0.002 }], ['a share of 0.002 differs']],
    ['counts differ', [compared, figure('countsDiffer', 1)], ['counts of both sides differ by 1']],
    ['the digest differs', [compared, figure('digestDiffering', 3)], ['3 rows differed in the last digest']],
    ['half was compared', [{ ...compared, coverage: 0.5 }], ['the comparison covers 0.5 of it, asked for is 1']],
    ['nearly all was', [{ ...compared, coverage: 0.99999 }], ['the comparison covers 0.99999 of it, asked for is 1']],
    [
      'nobody knows how much was',
      [{ ...compared, coverage: null }],
      ['the comparison covers nobody knows what of it, asked for is 1'],
    ],
    ['it is old', [{ ...compared, at: '2026-01-01T20:30:00.000000Z' }], ['last compared 3.5 hours ago, 3 at most']],
    ['its time is none', [{ ...compared, at: '' }], ['last compared NaN hours ago, 3 at most']],
    ['a figure is no number', [compared, figure('countsDiffer', Number.NaN)], ['counts of both sides differ by NaN']],
    [
      'only another flow was compared',
      [{ ...compared, flow: 'other' }],
      ['not compared within 24 hours: nobody knows whether both sides agree'],
    ],
  ])('is not well when %s', (_, figures, complaints) => {
    const report = reconcileReport({ status: status(flow), figures, ...given });
    expect(report).toMatchObject({ well: false, complaints: complaints.map((one) => `parents: ${one}`) });
    expect(reportMarkdown(report)).toContain('Not all is well.');
  });

  test('what was compared just in time is well', () => {
    const figures = [{ ...compared, at: '2026-01-01T21:00:00.000000Z' }];
    expect(reconcileReport({ status: status(flow), figures, ...given }).well).toBe(true);
  });

  test('is not well while anything is put aside, though its flow goes on', () => {
    const aside = { ...flow, verdict: 'parked', parked: 1 } as const;
    const report = reconcileReport({ status: status(aside), figures: [compared], ...given });
    expect(report).toMatchObject({ well: false, complaints: ['parents: 1 put aside, which nothing has verified'] });
  });

  test('what is not known is no number, and no cell ends its row', () => {
    const dark = { ...flow, lagSeconds: null, freshnessSeconds: null, lagRecords: null };
    const dim = { ...compared, flow: '', sample: null, coverage: null, oldestSeconds: null, source: 'a | b' };
    const halts = [{ scope: 'parents', code: 'SLOT_LOST' as const, reason: 'x', at: '2026-01-01T00:00:00Z' }];
    const page = reportMarkdown(reconcileReport({ status: { ...status(dark), halts }, figures: [dim], ...given }));
    expect(page).toContain('| parents | idle | - | - | - | 0 |');
    expect(page).toContain('| reconcile.divergenceRatio | all | 0 | 0 | 0.002 | 24 | - | - | - |');
    expect(page).toContain('| a / b |');
    expect(page).toContain('| parents | SLOT_LOST | 2026-01-01T00:00:00Z |');
  });
});
