import {
  type Flow,
  gapKindOf,
  type Halt,
  type LagStage,
  type Migration,
  tablesOfFlow,
  topicOf,
} from '../core/index.ts';
import type { FlowFigures, PartitionFigures } from '../sinks/postgres/index.ts';
import { type LogEnds, owedOf } from './log-ends.ts';

/** Stages that can be blamed by what is owed now; of the others only the time of what has passed them is known. */
export const BLAMED = ['capture', 'land', 'derive', 'deliver'] as const satisfies readonly LagStage[];
export type Stage = (typeof BLAMED)[number];

/**
 * idle: nothing is owed, nothing came for a minute, and the heartbeat proves that nothing is missing. parked: nothing is
 * owed but what was put aside. gap: changes may be missing until they are read anew.
 */
export const VERDICTS = [
  'idle',
  'healthy',
  'catching up',
  'behind',
  'stalled',
  'gap',
  'parked',
  'halted',
  'not running',
] as const;
export type Verdict = (typeof VERDICTS)[number];

/** Everything a verdict is made of, read at about one moment. */
export interface Readings {
  readonly migration: Migration;
  readonly flows: readonly FlowFigures[];
  readonly partitions: readonly PartitionFigures[];
  /** null when Kafka cannot be asked */
  readonly ends: LogEnds | null;
  readonly halts: readonly Halt[];
  /** e.g. RUNNING, or the first line of a failed task's trace; null when Connect cannot be asked */
  readonly connector: string | null;
  readonly heartbeatTopic: string;
  /** seconds within which all has come that a partition owes, by `topic/partition`, where that is known (see `OwedFor`) */
  readonly owedFor: ReadonlyMap<string, number>;
}

export interface FlowStatus {
  readonly flow: string;
  readonly verdict: Verdict;
  /** 0 when nothing is owed; null when it cannot be known */
  readonly lagSeconds: number | null;
  /** the targets hold all that was committed so many seconds ago, proved by the heartbeat; null when nothing proves it */
  readonly freshnessSeconds: number | null;
  readonly lagRecords: number | null;
  readonly landedPerSecond: number | null;
  readonly toDerive: number;
  readonly toSend: number;
  readonly documents: number;
  readonly parked: number;
  /** age of what has been parked for longest; null when nothing is */
  readonly oldestParkedSeconds: number | null;
  /** parked documents of remote targets, by code */
  readonly refused: Readonly<Record<string, number>>;
  readonly waiting: number;
  readonly issues: number;
  readonly blame: Stage | null;
  readonly reason: string | null;
}

export interface PipelineStatus {
  readonly pipeline: string;
  readonly heartbeatAgeSeconds: number | null;
  readonly connector: string | null;
  readonly halts: readonly Halt[];
  readonly flows: readonly FlowStatus[];
}

const CAPTURE_SILENT_SECONDS = 15;
const BEHIND_SECONDS = 60;
const IDLE_SECONDS = 60;

/** Source topics a flow is made of. */
export const topicsOfFlow = (migration: Migration, flow: Flow): string[] =>
  tablesOfFlow(migration, flow).map((table) => topicOf(migration.name, table));

interface TopicLag {
  readonly records: number | null;
  readonly seconds: number;
  readonly moving: boolean;
  /** seconds since the newest landed change was committed; null when none was landed */
  readonly quietSeconds: number | null;
  readonly perSecond: number | null;
}

const nameOf = ({ topic, partition }: PartitionFigures): string => `${topic}/${partition}`;

function lagOf(topics: readonly string[], now: Readings, before: Readings | null, elapsedSeconds: number): TopicLag {
  const partitions = new Map(
    now.partitions.filter(({ topic }) => topics.includes(topic)).map((one) => [nameOf(one), one]),
  );
  const ends = [...(now.ends ?? [])].filter(([name]) => topics.includes(name.slice(0, name.lastIndexOf('/'))));
  const known = now.ends !== null && [...partitions.keys()].every((name) => now.ends?.has(name));
  let records = 0n;
  let seconds = 0;
  for (const [name, end] of ends) {
    const partition = partitions.get(name);
    const owed = owedOf(end, partition?.nextOffset ?? null);
    records += owed;
    if (owed === 0n) continue;
    // what is owed came after the newest landed change, and after the partition owed nothing
    const atMost = Math.min(partition?.sourceAgeSeconds ?? Infinity, now.owedFor.get(name) ?? Infinity);
    if (atMost < Infinity) seconds = Math.max(seconds, atMost);
  }
  let landed = 0n;
  let quiet: number | null = null;
  for (const [name, { nextOffset, sourceAgeSeconds }] of partitions) {
    if (sourceAgeSeconds !== null) quiet = Math.min(quiet ?? Infinity, sourceAgeSeconds);
    const earlier = before?.partitions.find((one) => nameOf(one) === name)?.nextOffset ?? null;
    if (earlier !== null && nextOffset !== null) landed += nextOffset - earlier;
  }
  const perSecond = before ? Number(landed) / Math.max(elapsedSeconds, 0.001) : null;
  return { records: known ? Number(records) : null, seconds, moving: landed > 0n, quietSeconds: quiet, perSecond };
}

/** What is to be said of each flow. `before` is an earlier reading, for rates and for telling slow from stalled. */
export function judge(
  pipeline: string,
  now: Readings,
  before: Readings | null,
  elapsedSeconds: number,
): PipelineStatus {
  const heartbeat = now.partitions.find((partition) => partition.topic === now.heartbeatTopic);
  const heartbeatAge = heartbeat?.sourceAgeSeconds ?? null;
  const flows = now.migration.flows.map((flow) => {
    const figures = now.flows.find((candidate) => candidate.flow === flow.name);
    const topics = topicsOfFlow(now.migration, flow);
    const lag = lagOf(topics, now, before, elapsedSeconds);
    const earlier = before?.flows.find((candidate) => candidate.flow === flow.name);
    return flowStatus({ flow, figures, lag, topics, heartbeatAge, earlier, now });
  });
  return { pipeline, heartbeatAgeSeconds: heartbeatAge, connector: now.connector, halts: now.halts, flows };
}

function flowStatus(input: {
  flow: Flow;
  figures: FlowFigures | undefined;
  lag: TopicLag;
  topics: readonly string[];
  heartbeatAge: number | null;
  earlier: FlowFigures | undefined;
  now: Readings;
}): FlowStatus {
  const { flow, figures, lag, topics, heartbeatAge, earlier, now } = input;
  const marks = figures?.marks ?? 0;
  const intents = figures?.intents ?? 0;
  const owes = (lag.records ?? 0) > 0 || marks > 0 || intents > 0;
  const ages = [lag.seconds, figures?.oldestMarkSeconds ?? 0, figures?.oldestIntentSeconds ?? 0];
  const lagSeconds = lag.records === null && !owes ? null : owes ? Math.max(0, ...ages) : 0;
  const stores = flow.targets.map((target) => target.name.slice(0, target.name.indexOf('.')));
  const halt = now.halts.find(
    ({ scope }) =>
      scope === flow.name || stores.includes(scope) || topics.some((topic) => scope.startsWith(`${topic}/`)),
  );
  const silent = heartbeatAge === null || heartbeatAge > CAPTURE_SILENT_SECONDS;
  const blame: Stage | null = silent ? 'capture' : !owes ? null : worst(lag, marks, intents, ages);
  const moved =
    lag.moving ||
    (earlier !== undefined &&
      (marks < earlier.marks || intents < earlier.intents || figures?.documents !== earlier.documents));
  const isGap = halt !== undefined && gapKindOf(halt.code) !== null;
  const verdict = ((): Verdict => {
    if (halt) return isGap ? 'gap' : 'halted';
    if (heartbeatAge === null && (lag.records === null || !hasBegun(now))) return 'not running';
    if (silent) return 'stalled';
    if (!owes && (figures?.parked ?? 0) > 0) return 'parked';
    if (!owes && (lag.quietSeconds ?? Infinity) > IDLE_SECONDS) return 'idle';
    if (!owes || (lagSeconds ?? 0) < BEHIND_SECONDS) return 'healthy';
    if (earlier !== undefined && !moved) return 'stalled';
    return earlier === undefined ? 'behind' : 'catching up';
  })();
  const reason = halt ? `${halt.code}: ${halt.reason}` : silent ? captureReason(heartbeatAge, now.connector) : null;
  return {
    flow: flow.name,
    verdict,
    lagSeconds,
    freshnessSeconds: lagSeconds === null || heartbeatAge === null ? null : Math.max(lagSeconds, heartbeatAge),
    lagRecords: lag.records,
    landedPerSecond: lag.perSecond,
    toDerive: marks,
    toSend: intents,
    documents: figures?.documents ?? 0,
    parked: figures?.parked ?? 0,
    oldestParkedSeconds: figures?.oldestParkedSeconds ?? null,
    refused: figures?.refused ?? {},
    waiting: figures?.waiting ?? 0,
    issues: figures?.issues ?? 0,
    blame: isGap ? 'capture' : halt ? stageOf(halt, flow, stores) : blame,
    reason,
  };
}

const hasBegun = ({ partitions }: Readings): boolean => partitions.some(({ nextOffset }) => nextOffset !== null);

function stageOf({ scope }: Halt, flow: Flow, stores: readonly string[]): Stage {
  if (scope === flow.name) return 'derive';
  return stores.includes(scope) ? 'deliver' : 'land';
}

function worst(lag: TopicLag, marks: number, intents: number, ages: readonly number[]): Stage {
  const [land = 0, derive = 0, deliver = 0] = ages;
  if (intents > 0 && deliver >= Math.max(land, derive)) return 'deliver';
  if (marks > 0 && derive >= land) return 'derive';
  return (lag.records ?? 0) > 0 ? 'land' : marks > 0 ? 'derive' : 'deliver';
}

function captureReason(age: number | null, connector: string | null): string {
  const silence = age === null ? 'no heartbeat has arrived yet' : `no heartbeat for ${Math.round(age)} s`;
  return connector === null || connector === 'RUNNING' ? silence : `${silence}; connector: ${connector}`;
}

/** Verdicts on a flow that goes on by itself; what is parked waits for a person, the rest of the flow does not. */
const WELL: ReadonlySet<Verdict> = new Set(['idle', 'healthy', 'catching up', 'parked']);

/** Every flow works, or works off what it owes. */
export const isWell = (status: PipelineStatus): boolean => status.flows.every(({ verdict }) => WELL.has(verdict));
