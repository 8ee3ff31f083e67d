import type { Halt } from '../../core/index.ts';
import { RECONCILED_SECONDS } from '../../gates/index.ts';
import type { MeasuredFigure } from '../../sinks/postgres/index.ts';
import { type FlowStatus, isWell, type PipelineStatus } from '../status.ts';

/** How both sides of a migration stand, and what was measured of it lately. Figures only, no key and no value of a row. */
export interface ReconcileReport {
  readonly pipeline: string;
  /** ISO UTC */
  readonly at: string;
  readonly hours: number;
  /** there is no complaint: every flow works, nothing is put aside, all of each was compared lately, and both sides agree */
  readonly well: boolean;
  /** what keeps it from being well, in words */
  readonly complaints: readonly string[];
  readonly heartbeatAgeSeconds: number | null;
  readonly connector: string | null;
  readonly halts: readonly Halt[];
  readonly flows: readonly FlowStatus[];
  readonly figures: readonly MeasuredFigure[];
}

export interface Reported {
  readonly status: PipelineStatus;
  readonly figures: readonly MeasuredFigure[];
  readonly at: string;
  readonly hours: number;
}

export function reconcileReport({ status, figures, at, hours }: Reported): ReconcileReport {
  const { pipeline, heartbeatAgeSeconds, connector, halts, flows } = status;
  const isCompared = figures.some(({ figure }) => figure.startsWith('reconcile.'));
  const complaints = [
    ...flows.filter((flow) => !isWell({ ...status, flows: [flow] })).map(complaintOf),
    ...flows.flatMap(({ flow, parked }) =>
      parked > 0 ? [`${flow}: ${parked} put aside, which nothing has verified`] : [],
    ),
    ...(isCompared
      ? flows.flatMap(({ flow }) => comparisonComplaints(flow, figures, { at, hours }))
      : [`nothing was compared within ${hours} hours: nobody knows whether both sides agree`]),
  ];
  const well = complaints.length === 0;
  return { pipeline, at, hours, well, complaints, heartbeatAgeSeconds, connector, halts, flows, figures };
}

const asText = (value: number): string => String(Number(value.toPrecision(6)));

/**
 * What is wrong with the last comparison of a flow, or with what it found. Asked of every flow, as the gates do: of a
 * copied table, or of targets that cannot be listed, a scan records figures, too.
 */
function comparisonComplaints(
  flow: string,
  figures: readonly MeasuredFigure[],
  { at, hours }: Pick<Reported, 'at' | 'hours'>,
): readonly string[] {
  const newest = (figure: string): MeasuredFigure | undefined =>
    figures.find((one) => one.flow === flow && one.figure === `reconcile.${figure}`);
  const found = (figure: string): number => newest(figure)?.newest ?? 0;
  const ratio = newest('divergenceRatio');
  if (ratio === undefined)
    return [`${flow}: not compared within ${hours} hours: nobody knows whether both sides agree`];
  const hoursOld = (Date.parse(at) - Date.parse(ratio.at)) / 3_600_000;
  const [unresolved, counts, rows] = [found('unresolved'), found('countsDiffer'), found('digestDiffering')];
  // what is no number is not 0 and not 1 either
  return [
    ...(hoursOld <= RECONCILED_SECONDS / 3600
      ? []
      : [`${flow}: last compared ${asText(hoursOld)} hours ago, ${RECONCILED_SECONDS / 3600} at most`]),
    ...(ratio.coverage === 1
      ? []
      : [`${flow}: the comparison covers ${ratio.coverage ?? 'nobody knows what'} of it, asked for is 1`]),
    ...(unresolved === 0 ? [] : [`${flow}: ${asText(unresolved)} documents with an unresolved finding`]),
    ...(ratio.newest === 0 || unresolved !== 0 ? [] : [`${flow}: a share of ${asText(ratio.newest)} differs`]),
    ...(counts === 0 ? [] : [`${flow}: counts of both sides differ by ${asText(counts)}`]),
    ...(rows === 0 ? [] : [`${flow}: ${asText(rows)} rows differed in the last digest`]),
  ];
}

function complaintOf({ flow, verdict, blame, reason }: FlowStatus): string {
  const where = blame === null ? '' : `, ${blame} is to blame`;
  return `${flow}: ${verdict}${where}${reason === null ? '' : `; ${reason}`}`;
}
