import type { Halt } from '../../core/index.ts';
import type { MeasuredFigure } from '../../sinks/postgres/index.ts';
import { type FlowStatus, isWell, type PipelineStatus } from '../status.ts';

/** How both sides of a migration stand, and what was measured of it lately. Figures only, no key and no value of a row. */
export interface ReconcileReport {
  readonly pipeline: string;
  /** ISO UTC */
  readonly at: string;
  readonly hours: number;
  /** every flow works, and something was compared within these hours */
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
  const compared = figures.filter(({ figure }) => figure.startsWith('reconcile.'));
  const complaints = [
    ...flows.filter((flow) => !isWell({ ...status, flows: [flow] })).map(complaintOf),
    ...flows.flatMap(({ flow, parked }) =>
      parked > 0 ? [`${flow}: ${parked} put aside, which nothing has verified`] : [],
    ),
    ...(compared.length > 0
      ? []
      : [`nothing was compared within ${hours} hours: nobody knows whether both sides agree`]),
  ];
  const well = isWell(status) && compared.length > 0;
  return { pipeline, at, hours, well, complaints, heartbeatAgeSeconds, connector, halts, flows, figures };
}

function complaintOf({ flow, verdict, blame, reason }: FlowStatus): string {
  const where = blame === null ? '' : `, ${blame} is to blame`;
  return `${flow}: ${verdict}${where}${reason === null ? '' : `; ${reason}`}`;
}
