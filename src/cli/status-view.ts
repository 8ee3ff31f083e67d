import pc from 'picocolors';
import type { FlowStatus, PipelineStatus, Verdict } from '../app/status.ts';
import type { Gap } from '../core/index.ts';
import { duration, renderTable } from './print.ts';

const COLOUR: Readonly<Record<Verdict, (text: string) => string>> = {
  idle: pc.green,
  healthy: pc.green,
  'catching up': pc.yellow,
  behind: pc.yellow,
  stalled: pc.red,
  gap: pc.red,
  parked: pc.yellow,
  halted: pc.red,
  'not running': pc.dim,
};

/** clears a terminal and goes to its first line */
export const CLEAR = '\x1b[2J\x1b[H';

const number = (value: number): string => value.toLocaleString('en-GB');

function row(flow: FlowStatus): (string | number)[] {
  return [
    flow.flow,
    COLOUR[flow.verdict](flow.verdict),
    flow.lagSeconds === null ? '?' : duration(flow.lagSeconds),
    flow.lagRecords === null ? '?' : number(flow.lagRecords),
    flow.landedPerSecond === null ? '-' : flow.landedPerSecond.toFixed(1),
    number(flow.toDerive),
    number(flow.toSend),
    number(flow.documents),
    flow.parked > 0 ? pc.yellow(number(flow.parked)) : '0',
    number(flow.waiting),
    flow.blame ?? '-',
  ];
}

/** The status of a pipeline as people read it. */
export function renderStatus(status: PipelineStatus, gaps: readonly Gap[] = []): string {
  const heartbeat = status.heartbeatAgeSeconds;
  const head = [
    pc.bold(status.pipeline),
    `connector ${status.connector ?? pc.dim('not reachable')}`,
    heartbeat === null ? pc.dim('no heartbeat yet') : `heartbeat ${duration(heartbeat)} ago`,
  ].join(pc.dim(' · '));
  const table = renderTable(
    ['flow', 'verdict', 'lag', 'records', 'in/s', 'derive', 'send', 'documents', 'parked', 'waiting', 'blame'],
    status.flows.map(row),
  );
  const reasons = status.flows
    .filter((flow) => flow.reason !== null)
    .map((flow) => `${pc.red(flow.flow)}: ${flow.reason}`);
  const refused = status.flows.flatMap((flow) =>
    Object.entries(flow.refused).map(
      ([code, n]) => `${pc.yellow(flow.flow)}: ${number(n)} documents not sent, ${code}`,
    ),
  );
  const holes = gaps.map(
    ({ kind, scope, since }) =>
      `${pc.red('gap')}: ${kind} of ${scope === '*' ? 'all flows' : scope}; applied since ${since ?? 'the beginning'}: unverified (\`sluice recover\`)`,
  );
  return [head, table, ...new Set(reasons), ...refused, ...holes].join('\n');
}
