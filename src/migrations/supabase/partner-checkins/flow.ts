import {
  type Aggregate,
  type Derivation,
  type Document,
  type Flow,
  type JsonObject,
  type LandedRow,
  movesOf,
  type RecordedChange,
} from '../../../core/index.ts';
import { originOf, stampsOf } from '../audit.ts';
import { changedId, entryOf } from '../entries.ts';
import { Findings } from '../issues.ts';
import { moveColumn, newestFirst } from '../moves.ts';
import type { Names } from '../names.ts';
import { deriveRow, ownRow } from '../root-row.ts';
import { instantOf } from '../time.ts';
import { checkinStatus, PARTNER_CHECKIN } from './row.ts';

const CHECKINS = 'public.partner_checkins';

/**
 * The source has one row for each name, and a second visit overwrites the first: each new time of arrival is a visit.
 * A name is not a patient, so nobody is matched.
 */
export const partnerCheckinsFlow = (names: Names): Flow => ({
  name: 'partner_checkins',
  root: { table: CHECKINS },
  parts: [{ name: 'arrivals', table: movesOf(CHECKINS, 'arrival'), link: 'row', from: { part: 'root', link: 'key' } }],
  targets: [
    { kind: 'postgres', name: 'partnerops.checkin', key: ['id'], mode: 'state' },
    { kind: 'postgres', name: 'partnerops.checkin_visit', key: ['checkin_id', 'visit_no'], mode: 'state' },
    { kind: 'postgres', name: 'partnerops.checkin_event', key: ['checkin_id', 'entry'], mode: 'append' },
  ],
  transform: (aggregate) => transformCheckin(names, aggregate),
  history: (change) => checkinHistory(names, change),
});

const checkinId = (names: Names, legacyId: string): string => names.uuid(`checkin|${legacyId}`);

const transformCheckin = (names: Names, aggregate: Aggregate): Derivation =>
  deriveRow(PARTNER_CHECKIN, 'partner_checkins', aggregate, (row, landed) => {
    const id = checkinId(names, row.id);
    const arrivals = arrivalsOf(aggregate.parts['arrivals'] ?? [], row.arrived_at);
    const columns: JsonObject = {
      patient_name: row.patient_name ?? '',
      status: checkinStatus(row.status),
      status_raw: row.status,
      visit_no: arrivals.length,
      arrived_at: row.arrived_at,
      ready_at: row.ready_at,
      source_updated_at: row.updated_at,
    };
    const found = new Findings();
    found.add(
      checkinStatus(row.status) === 'unknown',
      'warning',
      'STATUS_UNKNOWN',
      'status',
      'not a known status; stored as unknown, the text beside it',
    );
    return {
      documents: [
        ownRow(names, { target: 'partnerops.checkin', id, row, landed, columns }),
        ...arrivals.map((arrival, index) => visit(names, landed, { checkin: id, legacyId: row.id, arrival, index })),
      ],
      issues: found.all,
    };
  });

/** Every time of arrival the row ever told of, oldest first. */
function arrivalsOf(moves: readonly LandedRow[], current: string): readonly string[] {
  const past = [...newestFirst(moves)].reverse().flatMap((move) => moveColumn(move, 'from') ?? []);
  return [...past, current];
}

interface Visit {
  readonly checkin: string;
  readonly legacyId: string;
  readonly arrival: string;
  readonly index: number;
}

const visit = (names: Names, landed: LandedRow, { checkin, legacyId, arrival, index }: Visit): Document => ({
  target: 'partnerops.checkin_visit',
  id: JSON.stringify([checkin, index + 1]),
  content: { checkin_id: checkin, visit_no: index + 1, arrived_at: arrival, ...originOf(legacyId, landed) },
  stamps: stampsOf(names, landed),
  needs: [{ target: 'partnerops.checkin', id: checkin }],
});

/** An entry for each change of status and for each arrival. */
function checkinHistory(names: Names, change: RecordedChange): readonly Document[] {
  const legacyId = changedId(change);
  if (legacyId === null) return [];
  const status = change.op === 'd' ? 'deleted' : statusWord(change.after['status']);
  const arrived = instantOf(change.after['arrived_at']);
  const isSame =
    change.before !== null &&
    statusWord(change.before['status']) === status &&
    instantOf(change.before['arrived_at']) === arrived;
  if (isSame) return [];
  const owner = ['checkin_id', checkinId(names, legacyId)] as const;
  return [entryOf(names, change, 'partnerops.checkin_event', owner, { status, arrived_at: arrived })];
}

function statusWord(value: unknown): string {
  const text = typeof value === 'string' ? value : '';
  const word = checkinStatus(text);
  return word === 'unknown' ? text : word;
}
