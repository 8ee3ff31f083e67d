import {
  type ChangeEvent,
  canonicalJson,
  comparePositions,
  type ErrorCode,
  type Image,
  type LandedBefore,
  type LandedState,
  type LinkMove,
  lastImage,
  type Mark,
  type RecordedChange,
  type SourceTable,
} from '../core/index.ts';
import type { Subscriptions } from './subscriptions.ts';

/** What a batch of changes of one table amounts to. */
export interface Folded {
  /** newest state of each row that changed */
  readonly rows: Map<string, LandedState>;
  readonly marks: Mark[];
  readonly moves: LinkMove[];
  readonly changes: RecordedChange[];
  /** events that cannot be landed, with the reason */
  readonly parked: { readonly event: ChangeEvent; readonly code: ErrorCode }[];
  /** keys for which a complete newer image arrived, with its offset */
  readonly complete: Map<string, bigint>;
  applied: number;
  stale: number;
}

export interface FoldInput {
  readonly table: SourceTable;
  readonly landed: ReadonlyMap<string, LandedBefore>;
  /** rows with a parked record, and its offset: after it an image with unsent values cannot be trusted */
  readonly doubtful: ReadonlyMap<string, bigint>;
  /** flows whose roots are derived with this batch and need no mark of their own */
  readonly atOnce?: ReadonlySet<string>;
  /** in log order */
  readonly events: readonly ChangeEvent[];
}

/** Names a change so that every re-sending of it has the same name: `a` of a position may differ, these may not. */
export const entryOf = (event: ChangeEvent): string =>
  `${event.position.epoch}:${event.position.txId ?? event.op}:${event.position.b}`;

const hasMemory = (table: SourceTable): boolean => table.keepChanges === true || (table.remember?.length ?? 0) > 0;

/** The rows of which `foldChanges` wants the landed image, too: a part of the new image, or the past of an entry. */
export function keysOfPast(table: SourceTable, events: readonly ChangeEvent[]): ReadonlySet<string> {
  const wanted = events.filter((event) => hasMemory(table) || event.op === 'd' || event.unsent.length > 0);
  return new Set(wanted.map(({ key }) => key));
}

/**
 * Applies changes to landed rows, newest position winning. Pure. History (changes, moves) is computed from the landed
 * image and the new one, so it is the same however often and in whatever pieces the log is read.
 */
export function foldChanges(input: FoldInput, subscriptions: Subscriptions): Folded {
  const folded: Folded = {
    rows: new Map(),
    marks: [],
    moves: [],
    changes: [],
    parked: [],
    complete: new Map(),
    applied: 0,
    stale: 0,
  };
  for (const event of input.events) {
    const current = folded.rows.get(event.key) ?? input.landed.get(event.key) ?? null;
    if (current && comparePositions(event.position, current.position) <= 0) {
      folded.stale += 1;
      continue;
    }
    const doubtful = event.unsent.length > 0 && (current === null || isDoubtful(input, folded, event.key));
    if (doubtful) folded.parked.push({ event, code: 'TOAST_VALUE_UNKNOWN' });
    else apply(input, event, current, folded, subscriptions);
  }
  folded.marks.splice(0, folded.marks.length, ...distinctMarks(folded.marks));
  return folded;
}

/** A complete image makes up for what was parked before it, not for what was parked after. */
function isDoubtful(input: FoldInput, folded: Folded, key: string): boolean {
  const complete = folded.complete.get(key) ?? -2n;
  const parked = folded.parked.flatMap(({ event }) => (event.key === key ? [event.position.offset] : []));
  return [input.doubtful.get(key) ?? complete, ...parked].some((offset) => offset > complete);
}

function imageAfter(table: SourceTable, event: ChangeEvent, current: LandedBefore | null): Image {
  // The last image stays readable after a delete: what is derived from a deleted row is made of it.
  if (event.op === 'd') return lastImage(table.key, event.before, current?.image ?? null);
  if (event.unsent.length === 0) return event.after ?? {};
  const kept = event.unsent.map((column) => [column, current?.image?.[column] ?? null] as const);
  return { ...event.after, ...Object.fromEntries(kept) };
}

function apply(
  { table, atOnce }: FoldInput,
  event: ChangeEvent,
  current: LandedBefore | null,
  folded: Folded,
  subscriptions: Subscriptions,
): void {
  const image = imageAfter(table, event, current);
  const links = subscriptions.linksOf(table, image);
  const before = current?.links ?? {};
  const state: LandedState = {
    table: table.name,
    key: event.key,
    image,
    deleted: event.op === 'd',
    sourceTime: event.sourceTime,
    lsn: String(event.position.b),
    position: event.position,
    links,
  };
  folded.rows.set(event.key, state);
  folded.applied += 1;
  if (event.unsent.length === 0) folded.complete.set(event.key, event.position.offset);
  folded.marks.push(...subscriptions.marksOf(table.name, event.key, before, links, event.sourceTime, atOnce));
  if (hasMemory(table) && !isSame(current, state)) remember(table, event, current, state, folded, subscriptions);
}

/** A snapshot that reads what is already landed tells of no change. */
const isSame = (current: LandedBefore | null, next: LandedState): boolean =>
  current !== null && current.deleted === next.deleted && canonicalJson(current.image) === canonicalJson(next.image);

function remember(
  table: SourceTable,
  event: ChangeEvent,
  current: LandedBefore | null,
  state: LandedState,
  folded: Folded,
  subscriptions: Subscriptions,
): void {
  const entry = entryOf(event);
  for (const link of table.remember ?? []) {
    const from = current?.links[link] ?? null;
    const to = state.links[link] ?? null;
    if (from === null || to === null || from === to) continue;
    const { key: row, sourceTime, position } = event;
    folded.moves.push({ table: table.name, link, entry: `${row}/${entry}`, row, from, to, sourceTime, position });
    folded.marks.push(...subscriptions.marksOfMove(table.name, link, from, to, row, sourceTime));
  }
  if (!table.keepChanges) return;
  folded.changes.push({
    entry,
    table: table.name,
    key: event.key,
    op: event.op,
    before: current?.deleted === false ? current.image : null,
    after: state.image,
    sourceTime: event.sourceTime,
    lsn: state.lsn,
  });
}

/** One mark does for many changes of a batch; the oldest commit time is kept, for it waited longest. */
function distinctMarks(marks: readonly Mark[]): Mark[] {
  const seen = new Map<string, Mark>();
  for (const mark of marks) {
    const name = `${mark.flow}\u001f${mark.part}\u001f${mark.key}`;
    const other = seen.get(name);
    if (!other || mark.sourceTime < other.sourceTime) seen.set(name, mark);
  }
  return [...seen.values()];
}
