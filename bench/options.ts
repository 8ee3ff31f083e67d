import { parseArgs } from 'node:util';
import type { Way } from './visit.ts';

export interface BenchOptions {
  readonly events: number;
  readonly rounds: number;
  readonly json: boolean;
  /** commits a second of the latency runs, empty: none; `half` of what the source sustains, 2,000 at most */
  readonly rates: readonly (number | 'half')[];
  readonly latencySeconds: number;
  /** how ours is done, and whether theirs is measured beside it */
  readonly ways: readonly Way[];
  readonly theirs: boolean;
  /** whether PostgreSQL is measured by itself, too */
  readonly limit: boolean;
  /** instead of rounds: ours alone works off the whole topic, with rate and memory for each tenth of it */
  readonly catchUp: boolean;
  /** folder for a CPU profile of one more round of ours; null: none */
  readonly profile: string | null;
}

export const HELP = `npm run bench:sink -- [options]

Moves one table's change events from Kafka to PostgreSQL with the Debezium JDBC sink connector and with Sluice, in turn.

  --events <n>            change events in the topic (default 200000)
  --rounds <n>            rounds of each (default 2)
  --rates <n,n>           commits a second for the latency runs, '' for none; half: half of what the source is found to
                          sustain by itself, 2000 at most (default 200,half)
  --latency-seconds <n>   length of one measured latency run (default 15)
  --ways <w,w>            copied (the single-table flow), landed, or both (default copied,landed)
  --alone                 without the JDBC sink
  --limit                 also PostgreSQL by itself: our statements with their parameters ready in memory
  --catch-up              instead of rounds: rate and memory over the topic's length, e.g. with --events 2000000
  --profile <folder>      one more round of our last way under --cpu-prof, summed up by function and by file
  --json                  the results as one JSON line on standard output
`;

const whole = (name: string, text: string, least: number): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least) throw new RangeError(`--${name} must be a whole number from ${least}`);
  return value;
};

const wayOf = (text: string): Way => {
  if (text !== 'copied' && text !== 'landed') throw new RangeError('--ways takes copied and landed');
  return text;
};

const rateOf = (text: string): number | 'half' => (text === 'half' ? 'half' : whole('rates', text, 1));

/** null: help was asked for. Throws RangeError or TypeError naming the option. */
export function readOptions(args: readonly string[]): BenchOptions | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      events: { type: 'string', default: '200000' },
      rounds: { type: 'string', default: '2' },
      rates: { type: 'string', default: '200,half' },
      'latency-seconds': { type: 'string', default: '15' },
      ways: { type: 'string', default: 'copied,landed' },
      alone: { type: 'boolean', default: false },
      limit: { type: 'boolean', default: false },
      'catch-up': { type: 'boolean', default: false },
      profile: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  return {
    events: whole('events', values.events, 1_000),
    rounds: whole('rounds', values.rounds, 0),
    rates: values.rates === '' ? [] : values.rates.split(',').map(rateOf),
    latencySeconds: whole('latency-seconds', values['latency-seconds'], 1),
    ways: values.ways.split(',').map(wayOf),
    theirs: !values.alone,
    limit: values.limit,
    catchUp: values['catch-up'],
    profile: values.profile ?? null,
    json: values.json,
  };
}
