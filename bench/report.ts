import Table from 'cli-table3';
import type { Latency } from './latency.ts';
import type { Throughput } from './throughput.ts';

export interface Report {
  readonly events: number;
  readonly throughput: readonly Throughput[];
  readonly latency: readonly Latency[];
}

const lines = (head: string[], rows: (string | number)[][]): string => {
  const table = new Table({ head, style: { head: [], border: [] } });
  table.push(...rows);
  return table.toString();
};

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((x, y) => x - y);
  const middle = sorted.length / 2;
  return ((sorted[Math.floor(middle)] ?? Number.NaN) + (sorted[Math.ceil(middle) - 1] ?? Number.NaN)) / 2;
};

/** Ours against theirs; the middle of the rounds. */
export function ratios({ throughput, latency }: Report): Record<string, number> {
  const [theirs = '', ours = ''] = [...new Set(throughput.map(({ name }) => name))];
  const of = (name: string, figure: (result: Throughput) => number): number =>
    median(throughput.filter((result) => result.name === name).map(figure));
  const cpu = (result: Throughput): number => result.clientCpuPerMillion + result.postgresCpuPerMillion;
  const all = [
    ['throughput', of(ours, (r) => r.eventsPerSecond) / of(theirs, (r) => r.eventsPerSecond)],
    ['cpu', of(ours, cpu) / of(theirs, cpu)],
    ...[...new Set(latency.map(({ rate }) => rate))].map((rate) => {
      const p99 = (name: string): number =>
        latency.find((r) => r.rate === rate && r.name === name)?.p99Ms ?? Number.NaN;
      return [`p99 at ${rate}/s`, p99(ours) / p99(theirs)];
    }),
  ] as [string, number][];
  return Object.fromEntries(all.filter(([, value]) => !Number.isNaN(value)).map(([k, v]) => [k, Number(v.toFixed(2))]));
}

export function text(report: Report): string {
  const parts: string[] = [];
  if (report.throughput.length > 0) {
    parts.push(
      lines(
        ['', 'events/s', 's', 'client CPU s/M', 'PostgreSQL CPU s/M', 'peak MB', 'target = source', 'load'],
        report.throughput.map((r) => [
          r.name,
          r.eventsPerSecond,
          r.seconds,
          r.clientCpuPerMillion,
          r.postgresCpuPerMillion,
          r.peakMegabytes,
          r.correct ? 'yes' : 'NO',
          r.load,
        ]),
      ),
    );
  }
  if (report.latency.length > 0) {
    parts.push(
      lines(
        ['commit to target', 'wanted/s', 'achieved/s', 'commits', 'p50 ms', 'p99 ms'],
        report.latency.map((r) => [r.name, r.rate, r.achieved, r.commits, r.p50Ms, r.p99Ms]),
      ),
    );
  }
  const shown = Object.entries(ratios(report)).map(([name, value]) => `${name} ${value}`);
  if (shown.length > 0) parts.push(`ours against theirs: ${shown.join(', ')}`);
  return parts.join('\n');
}
