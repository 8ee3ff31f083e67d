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

/** Each way of ours against theirs, by name of the way and of the figure; the middle of the rounds. */
export function ratios({ throughput, latency }: Report): Record<string, Record<string, number>> {
  const names = [...new Set(throughput.map(({ name }) => name))];
  const [theirs, ours] = ['JDBC sink', names.filter((name) => name.startsWith('Sluice'))];
  if (!names.includes(theirs)) return {};
  const of = (name: string, figure: (result: Throughput) => number): number =>
    median(throughput.filter((result) => result.name === name).map(figure));
  const cpu = (result: Throughput): number => result.clientCpuPerMillion + result.postgresCpuPerMillion;
  const rates = [...new Set(latency.map(({ rate }) => rate))];
  const against = (name: string): Record<string, number> => {
    const p99 = (rate: number, whose: string): number =>
      latency.find((r) => r.rate === rate && r.name === whose)?.p99Ms ?? Number.NaN;
    const all: [string, number][] = [
      ['throughput', of(name, (r) => r.eventsPerSecond) / of(theirs, (r) => r.eventsPerSecond)],
      ['cpu', of(name, cpu) / of(theirs, cpu)],
      ...rates.map((rate): [string, number] => [`p99 at ${rate}/s`, p99(rate, name) / p99(rate, theirs)]),
    ];
    const known = all.filter(([, value]) => !Number.isNaN(value));
    return Object.fromEntries(known.map(([figure, value]) => [figure, Number(value.toFixed(2))]));
  };
  return Object.fromEntries(ours.map((name) => [name, against(name)]));
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
        ['commit to target', 'wanted/s', 'achieved/s', 'commits', 'p50 ms', 'p99 ms', 'client CPU ms', 'PostgreSQL CPU ms'],
        report.latency.map((r) => [r.name, r.rate, r.achieved, r.commits, r.p50Ms, r.p99Ms]),
      ),
    );
  }
  for (const [name, figures] of Object.entries(ratios(report))) {
    const shown = Object.entries(figures).map(([figure, value]) => `${figure} ${value}`);
    parts.push(`${name} against theirs: ${shown.join(', ')}`);
  }
  return parts.join('\n');
}
