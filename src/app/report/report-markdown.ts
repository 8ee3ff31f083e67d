import type { MeasuredFigure } from '../../sinks/postgres/index.ts';
import type { FlowStatus } from '../status.ts';
import type { ReconcileReport } from './reconcile-report.ts';

const NONE = '-';
const seconds = (value: number | null): string => (value === null ? NONE : `${Number(value.toFixed(1))} s`);
const plain = (value: number | null): string => (value === null ? NONE : String(Number(value.toPrecision(6))));
const percent = (value: number | null): string => (value === null ? NONE : `${Number((value * 100).toFixed(2))}%`);

/** A cell must not end its row, whatever a reason says. */
const cell = (text: string): string => text.replaceAll('|', '/').replaceAll('\n', ' ');

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)];
}

const flowRow = (flow: FlowStatus): string[] => [
  flow.flow,
  flow.verdict,
  seconds(flow.freshnessSeconds),
  seconds(flow.lagSeconds),
  plain(flow.lagRecords),
  plain(flow.toDerive),
  plain(flow.toSend),
  plain(flow.documents),
  plain(flow.parked),
  plain(flow.waiting),
  plain(flow.issues),
];

const figureRow = (figure: MeasuredFigure): string[] => [
  figure.figure,
  figure.flow === '' ? 'all' : figure.flow,
  plain(figure.newest),
  plain(figure.least),
  plain(figure.most),
  String(figure.times),
  plain(figure.sample),
  percent(figure.coverage),
  seconds(figure.oldestSeconds),
  figure.at.slice(0, 19),
  figure.source,
];

/** The report as a page for people. */
export function reportMarkdown(report: ReconcileReport): string {
  const { pipeline, at, hours, well, complaints, heartbeatAgeSeconds, connector, halts, flows, figures } = report;
  const lines = [
    `# Reconciliation of ${pipeline}`,
    '',
    `${at.slice(0, 16).replace('T', ' ')} UTC, the last ${hours} hours. ${well ? 'All is well.' : 'Not all is well.'}`,
    `Connector: ${connector ?? 'not reachable'}. Newest heartbeat: ${seconds(heartbeatAgeSeconds)} old.`,
    ...(complaints.length === 0 ? [] : ['', ...complaints.map((complaint) => `- ${complaint}`)]),
    '',
    '## Flows',
    '',
    ...table(
      ['flow', 'verdict', 'fresh to', 'lag', 'records', 'derive', 'send', 'documents', 'parked', 'waiting', 'odd'],
      flows.map(flowRow),
    ),
    ...(halts.length === 0
      ? []
      : [
          '',
          '## Halted',
          '',
          ...table(
            ['scope', 'code', 'since'],
            halts.map((one) => [one.scope, one.code, one.at]),
          ),
        ]),
    '',
    '## Figures',
    '',
    ...(figures.length === 0
      ? ['None was recorded.']
      : table(
          ['figure', 'flow', 'newest', 'least', 'most', 'times', 'sample', 'coverage', 'rests on', 'at', 'measured by'],
          figures.map(figureRow),
        )),
  ];
  return `${lines.join('\n')}\n`;
}
