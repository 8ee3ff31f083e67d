import type { Clock, Flow, Log, Measurements } from '../../core/index.ts';
import { repeat } from '../repeat.ts';
import type { PipelineStatus } from '../status.ts';
import { type Figure, measured } from './measure.ts';
import { type Lags, p99Of, type Tallied, type TallyMeter } from './tally.ts';

/** With the time until gates are judged again less than a minute: so soon a clause that breaks is seen. */
const EVERY_MS = 40_000;

export interface Recording {
  readonly migration: string;
  /** those this process works on */
  readonly flows: readonly Flow[];
  /** what it does to them */
  readonly does: readonly ('derive' | 'deliver')[];
  readonly tally: TallyMeter;
  readonly measurements: Measurements;
  /** how the pipeline stands, read from the ledger; null where another process records it */
  readonly status: (() => Promise<PipelineStatus>) | null;
  /** how many gaps in capture are open; null where another process records it */
  readonly gaps: (() => Promise<number>) | null;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Records again and again what gates are judged by, and what is left when the process stops. */
export function recordRun(recording: Recording): Promise<void> {
  const { log } = recording;
  const record = (): Promise<void> => recordOnce(recording);
  return repeat(EVERY_MS, recording, 'recording figures for gates', record).then(() =>
    record().catch(() => log.warn('the last figures for gates were not recorded')),
  );
}

async function recordOnce(recording: Recording): Promise<void> {
  const { migration, flows, does, tally, measurements, status, gaps, clock } = recording;
  const standing = [
    ...(status === null ? [] : standingOf(await status(), flows)),
    ...(gaps === null ? [] : [{ figure: 'cdc.openGaps' as const, value: await gaps() }]),
  ];
  const taken = tally.take();
  try {
    const at = new Date(clock.now()).toISOString();
    const names = flows.map(({ name }) => name);
    const figures = [...tallied(taken, names, does), ...standing];
    await measurements.record(measured(figures, { migration, source: 'run', at }));
  } catch (error) {
    tally.giveBack(taken);
    throw error;
  }
}

function tallied(
  { derived, delivered, writes, failed }: Tallied,
  flows: readonly string[],
  does: Recording['does'],
): readonly Figure[] {
  return [
    { figure: 'writes.errorRatio', value: writes === 0 ? 0 : failed / writes, sample: writes },
    ...flows.flatMap((flow): Figure[] => {
      const p99 = [derived, delivered].flatMap((of) => p99Of(of.get(flow) ?? NONE) ?? []);
      const sample = (derived.get(flow)?.count ?? 0) + (delivered.get(flow)?.count ?? 0);
      return [
        ...(does.includes('derive') ? [late('cdc.lateRatio', flow, derived.get(flow))] : []),
        ...(does.includes('deliver') ? [late('cdc.lateDeliveryRatio', flow, delivered.get(flow))] : []),
        ...(p99.length === 0 ? [] : [{ figure: 'cdc.lagSeconds.p99' as const, flow, value: Math.max(...p99), sample }]),
      ];
    }),
  ];
}

const NONE: Lags = { count: 0, late: 0, longest: 0, classes: [] };

/** A minute in which nothing came is recorded, too: without it there is a hole. */
const late = (figure: 'cdc.lateRatio' | 'cdc.lateDeliveryRatio', flow: string, lags: Lags = NONE): Figure => ({
  figure,
  flow,
  value: lags.count === 0 ? 0 : lags.late / lags.count,
  sample: lags.count,
});

/** What cannot be known is not recorded: a hole in it fails its gate. */
function standingOf({ flows, heartbeatAgeSeconds }: PipelineStatus, worked: readonly Flow[]): readonly Figure[] {
  const toFhir = new Set(
    worked.filter(({ targets }) => targets.some(({ kind }) => kind === 'fhir')).map(({ name }) => name),
  );
  const sent = flows.filter(({ flow }) => toFhir.has(flow));
  const refused = sent.reduce(
    (sum, flow) => sum + (flow.refused.DOCUMENT_INVALID ?? 0) + (flow.refused.TARGET_REFUSED ?? 0),
    0,
  );
  const documents = sent.reduce((sum, flow) => sum + flow.documents, 0);
  return [
    ...(heartbeatAgeSeconds === null
      ? []
      : [{ figure: 'cdc.heartbeatAgeSeconds' as const, value: heartbeatAgeSeconds }]),
    ...flows.flatMap(({ flow, lagSeconds }): Figure[] =>
      lagSeconds === null ? [] : [{ figure: 'cdc.owedSeconds', flow, value: lagSeconds }],
    ),
    ...(toFhir.size === 0 ? [] : [{ figure: 'bundles.invalid' as const, value: refused, sample: documents }]),
  ];
}
