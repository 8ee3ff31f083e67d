import { comparePositions, type Image, type Position } from '../../src/core/index.ts';
import { AvroSchemas } from '../../src/source/decode/avro.ts';
import { decodeRecord } from '../../src/source/decode/record.ts';
import type { RecordedLine } from './capture.ts';

export interface PlacedEvent {
  readonly partition: number;
  readonly key: string;
  readonly position: Position;
  readonly snapshot: string;
  readonly after: Image | null;
  readonly unsent: readonly string[];
}

/** Recorded lines as the source side decodes them; tombstones, messages and truncations are left out. */
export async function placedEvents(
  lines: readonly RecordedLine[],
  keyColumns: readonly string[],
): Promise<PlacedEvent[]> {
  const schemas = new AvroSchemas('http://127.0.0.1:9');
  const events: PlacedEvent[] = [];
  for (const line of lines) {
    const raw = {
      offset: BigInt(line.offset),
      key: line.key === null ? null : Buffer.from(JSON.stringify(line.key)),
      value: line.value === null ? null : Buffer.from(JSON.stringify(line.value)),
      headers: line.headers,
    };
    const decoded = await decodeRecord(raw, { table: 'public.t', key: keyColumns }, schemas, { defaultEpoch: 1 });
    if (decoded.kind !== 'change') continue;
    const { key, position, after, unsent } = decoded;
    const snapshot = String((line.value?.source as { snapshot?: unknown } | undefined)?.snapshot ?? 'false');
    events.push({ partition: line.partition ?? 0, key, position, after, unsent, snapshot });
  }
  return events;
}

type Newer = (event: PlacedEvent, held: PlacedEvent) => boolean;

export const byTheRule: Newer = (event, held) => comparePositions(event.position, held.position) > 0;
/** What an obvious rule would be. It is wrong, and the recordings show it. */
export const byLogPosition: Newer = (event, held) => event.position.b >= held.position.b;
export const byArrival: Newer = () => true;

/** The newest image of each key after taking events in the order given; unsent columns are filled as landing does. */
export function fold(events: readonly PlacedEvent[], newer: Newer): Map<string, Image | null> {
  const held = new Map<string, PlacedEvent>();
  for (const event of events) {
    const before = held.get(event.key);
    if (!before || newer(event, before)) held.set(event.key, event);
  }
  return new Map([...held].map(([key, event]) => [key, event.after]));
}

/** Rows alive after a fold, as JSON by key. */
export const alive = (state: ReadonlyMap<string, Image | null>): Record<string, Image> =>
  Object.fromEntries([...state].flatMap(([key, image]) => (image === null ? [] : [[key, image]])).sort());
