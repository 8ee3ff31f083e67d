import { inventedNhsNumber } from '../supabase/people.ts';
import {
  change,
  copyOf,
  type Desk,
  type Found,
  type Move,
  move,
  onSome,
  patientOf,
  remove,
  set,
  together,
  writes,
} from './desk.ts';
import { putWaitOrAdmission } from './inpatients.ts';
import { MASTERS } from './masters.ts';
import { DAY, TODAY, written } from './moments.ts';
import { putCommunityCare } from './other-care.ts';
import { putReferral } from './outpatients.ts';
import { putPatient } from './patient.ts';
import { SCHEMA } from './staged.ts';

/** A known patient who was not merged into another. */
const PATIENT = `length(internalpatientnumber) = 6 and not exists (
  select from ${SCHEMA}.mergedid m where internalpatientnumber in (m.oldid, m.newestid))`;

const onPatient = (work: (desk: Desk, row: Found) => Promise<number>) => onSome('patdata', work, PATIENT);
const now = (desk: Desk) => written(TODAY + desk.chance.below(30 * DAY));

/** An admission as the wards write it, perhaps only the wait for one. */
const admits = onPatient((desk, row) => {
  const fresh = desk.fresh();
  const spell = { episode: String(fresh), letter: '', ordinal: 1 };
  return writes(desk, (put) => putWaitOrAdmission(desk.chance, patientOf(row, fresh), spell, put));
});

/** To another ward: the stay that ran ends, one begins. */
const transfers = onSome(
  'conswardstay',
  (desk, row) =>
    together(desk, async () => {
      const at = now(desk);
      const ended = await set(desk, 'conswardstay', row, { enddate: at.day, enddttimeint: at.int });
      const begun = {
        epsactvdtimeint: at.int,
        startdate: at.day,
        starttime: at.time,
        enddate: null,
        enddttimeint: null,
      };
      return ended + (await copyOf(desk, 'conswardstay', row, { ...begun, wardcode: desk.chance.pick(MASTERS.wards) }));
    }),
  'enddttimeint is null',
);

const discharges = onSome(
  'admitdisch',
  (desk, row) => {
    const at = now(desk);
    const values = { methodofdischarge: '1', destinationondischarge: '19' };
    return set(desk, 'admitdisch', row, { dischargedate: at.full, ipdschdtimeint: at.int, ...values });
  },
  'ipdschdtimeint is null',
);

/** Two numbers turn out to be one person's. */
const merges = onPatient(async (desk, row) => {
  const number = row.internalpatientnumber ?? '';
  const other = await desk.client.query<Found>(
    `select * from ${SCHEMA}.patdata where internalpatientnumber > $1 and ${PATIENT} order by 1 limit 1`,
    [number],
  );
  const old = other.rows[0]?.internalpatientnumber;
  if (!old) return 0;
  return writes(desk, (put) => put('MERGEDID', { OldID: old, NewestID: number, NewestDateTime: written(TODAY).full }));
});

const unmerges = onSome('mergedid', (desk, row) => remove(desk, 'mergedid', row), 'length(oldid) = 6');

/** A patient takes another number: V83 writes it on every row it has. */
const renumbers = onPatient((desk, row) =>
  together(desk, async () => {
    const [old, number] = [row.internalpatientnumber, String(desk.fresh())];
    let done = 0;
    for (const { table, column } of desk.patientTables)
      done += await change(desk, `update ${SCHEMA}.${table} set ${column} = $2 where ${column} = $1`, old, number);
    return done;
  }),
);

/** A mark of deletion comes, or is taken back. */
async function marks(desk: Desk): Promise<number> {
  const { table, column } = desk.chance.pick(desk.marks);
  const key = desk.tables.get(table)?.key[0];
  const rows = await desk.client.query<Found>(
    `select * from ${SCHEMA}.${table} order by ${column} is null, md5(${key}::text || $1) limit 1`,
    [String(desk.chance.below(1000))],
  );
  const [row] = rows.rows;
  return row ? set(desk, table, row, { [column]: row[column] === '1' ? null : '1' }) : 0;
}

/** Written and thought better of: nobody may ever see it. */
const thinksBetter = onPatient(async (desk, row) => {
  await desk.client.query('begin');
  await set(desk, 'patdata', row, { surname: 'NEVER SEEN' });
  await desk.client.query('rollback');
  return 0;
});

const gone = (table: string) => onSome(table, (desk, row) => remove(desk, table, row));

export const MOVES: readonly Move[] = [
  move(
    'telephone',
    8,
    onPatient((desk, row) => set(desk, 'patdata', row, { ptmobilephone: `07700 900${desk.chance.between(100, 999)}` })),
  ),
  move(
    'address',
    5,
    onPatient((desk, row) => set(desk, 'patdata', row, { ptaddrline1: `${desk.chance.between(1, 200)} Mill Road` })),
  ),
  move(
    'NHS number traced',
    3,
    onPatient((desk, row) => {
      const traced = inventedNhsNumber(desk.chance.between(700_000, 899_999));
      return set(desk, 'patdata', row, { nhsnumber: traced, nhsnumberstatus: traced === null ? '07' : '01' });
    }),
  ),
  move(
    'registered',
    3,
    (desk) => {
      const fresh = desk.fresh();
      return writes(desk, (put) => void putPatient(desk.chance, fresh - 100_000, put));
    },
    4,
  ),
  move('admitted or listed', 5, admits, 6),
  move('transferred', 6, transfers, 2),
  move('discharged', 4, discharges),
  move(
    'referred',
    4,
    onPatient((desk, row) => {
      const fresh = desk.fresh();
      return writes(desk, (put) => void putReferral(desk.chance, patientOf(row, fresh), String(fresh), put));
    }),
    6,
  ),
  move(
    'community referral',
    1,
    onPatient((desk, row) => {
      const fresh = desk.fresh();
      return writes(desk, (put) => putCommunityCare(desk.chance, patientOf(row, fresh), String(fresh), put));
    }),
    4,
  ),
  move(
    'appointment noted',
    5,
    onSome('opa', (desk, row) => set(desk, 'opa', row, { apptcomment: `Turn ${desk.chance.below(1000)}` })),
  ),
  move('numbers merged', 1, merges),
  move('merge taken back', 1, unmerges),
  move('number changed', 1, renumbers, 6),
  move('marked as deleted, or back', 3, marks),
  move('taken off the list', 2, gone('wlcurrent')),
  move('casenote gone', 1, gone('casenotedets')),
  move('appointment gone', 1, gone('opa')),
  move(
    'patient gone',
    1,
    onPatient((desk, row) => remove(desk, 'patdata', row)),
  ),
  move('thought better of', 1, thinksBetter, 0),
];
