import type { Chance } from '../chance.ts';
import { putConsultantEpisode, putWardStays, type Stay } from './inpatient-episodes.ts';
import { MASTERS } from './masters.ts';
import { DAY, dayOf, type Moment, TODAY, written } from './moments.ts';
import { putClock } from './outpatients.ts';
import { hasEverything, type Patient, type Put } from './put.ts';

interface Spell {
  readonly episode: string;
  /** of the referral it goes back to; '' when there is none */
  readonly letter: string;
  /** Which of the patient's spells it is, from 0. */
  readonly ordinal: number;
}

/** A wait that may end in an admission; some admissions never waited. */
export function putWaitOrAdmission(
  chance: Chance,
  patient: Patient,
  { episode, letter, ordinal }: Spell,
  put: Put,
): void {
  const full = hasEverything(patient.index);
  const elective = chance.yes(0.6) || full;
  const listed = dayOf(TODAY - DAY * chance.between(30, 700)) + 10 * 60;
  const waitsStill = full ? ordinal === 0 : elective && chance.yes(0.3);
  const admitted: Moment | null = waitsStill ? null : listed + (elective ? DAY * chance.between(5, 28) : 0);
  const consultant = chance.pick(MASTERS.consultants);
  const clocked = elective && (chance.yes(0.4) || full);
  if (clocked) putClock(patient, episode, `W${patient.number}${episode}`, listed, admitted, '100', put);
  if (elective) putWait(chance, { patient, episode, letter, listed, waitsStill, admitted, consultant }, put);
  if (admitted !== null)
    putAdmission(chance, { patient, episode, listed, elective, clocked, admitted, consultant }, put);
}

interface Wait {
  readonly patient: Patient;
  readonly episode: string;
  readonly letter: string;
  readonly listed: Moment;
  readonly waitsStill: boolean;
  readonly admitted: Moment | null;
  readonly consultant: string;
}

function putWait(
  chance: Chance,
  { patient, episode, letter, listed, waitsStill, admitted, consultant }: Wait,
  put: Put,
): void {
  const some = (share: number): boolean => chance.yes(share) || hasEverything(patient.index);
  const key = { InternalPatientNumber: patient.number, EpisodeNumber: episode };
  const shared = {
    ...key,
    WlCode: chance.pick(MASTERS.inpatientLists),
    Consultant: consultant,
    Specialty: chance.pick(MASTERS.specialties),
    Hospital: 'RX01',
    Urgency: chance.pick(['R', 'U', 'S']),
    IntdMgmt: chance.pick(['1', '2']),
    IntendedProc: chance.pick(MASTERS.procedures),
    ProvisionalDiagnosis: chance.pick(MASTERS.diagnoses),
    ShortNotice: chance.pick(['YES', 'NO']),
    TheatreTime: String(30 + chance.below(12) * 10),
    ExpectedLos: String(chance.between(1, 6)),
    OriginalDateOnList: written(listed).day,
    Operation: 'Planned procedure',
    Transport: chance.yes(0.1) ? chance.pick(MASTERS.transport) : '',
    LastReviewDate: some(0.3) ? written(listed + DAY * 3).day : '',
    ReviewResult: some(0.3) ? 'Still wanted' : '',
    CommentNonClin: chance.yes(0.2) ? 'Works nights' : '',
  };
  const offered = listed + DAY * 2;
  const coming = admitted ?? offered + DAY * 30;
  put('WLENTRY', {
    ...shared,
    EpsActvDtimeInt: written(listed).int,
    WLOnListDate: written(listed).full,
    AdmReason: some(0.2) ? 'Pain at rest' : '',
    OperationDate: some(0.5) ? written(coming).day : '',
  });
  if (waitsStill) put('WLCURRENT', { ...shared, ReferralLetterNumber: letter, DateOnList: written(listed).full });
  if (some(0.2))
    put('WLINTENDEDPROC', {
      ...key,
      RptGrpKey: '1',
      SecIProc: chance.pick(MASTERS.procedures),
      WlCode: shared.WlCode,
    });
  if (some(0.3)) put('CURRENTPREADMISSIONS', { ...key, ExpClerkingDt: written(coming - DAY).day });
  put('WLACTIVITY', {
    ...key,
    EpsActvDtimeInt: written(offered).int,
    ActivityDate: written(offered).day,
    TCIDate: written(coming).full,
    TCIOfferDateInt: written(offered).dayInt,
    TCIAcceptDateInt: chance.yes(0.8) ? written(offered + DAY).dayInt : '',
    BookingType: chance.pick(MASTERS.bookingTypes),
    Consultant: consultant,
  });
  if (some(0.15))
    put('WLACTIVITY', {
      ...key,
      EpsActvDtimeInt: written(offered + DAY).int,
      ActivityDate: written(offered + DAY).day,
      DefEndDate: written(offered + DAY * 3).day,
      Reason: 'Patient asked',
      Remark: 'On holiday',
      SuspReason: chance.pick(MASTERS.suspensionReasons),
      Consultant: consultant,
    });
  if (admitted !== null)
    put('WLREMOVAL', {
      ...key,
      EpsActvDtimeInt: written(admitted).int,
      ActivityDate: written(admitted).day,
      Reason: 'ADMD',
    });
}

function putAdmission(chance: Chance, stay: Stay, put: Put): void {
  const { patient, episode, admitted, elective, listed } = stay;
  const key = { InternalPatientNumber: patient.number, EpisodeNumber: episode };
  const days = chance.between(1, 12);
  const open = chance.yes(0.05) && !hasEverything(patient.index);
  const discharged = admitted + DAY * days < TODAY && !open ? admitted + DAY * days : null;
  const wards = [chance.pick(MASTERS.wards), chance.pick(MASTERS.wards)] as const;
  const specialty = chance.pick(MASTERS.specialties);
  put('ADMITDISCH', {
    ...key,
    AdmissionDate: written(admitted).full,
    IpAdmDtimeInt: written(admitted).int,
    DischargeDate: discharged === null ? '' : written(discharged).full,
    IpDschDtimeInt: discharged === null ? '' : written(discharged).int,
    ExpDateofDischarge: written(admitted + DAY * 5).full,
    AdmWard: wards[0],
    Consultant: stay.consultant,
    Specialty: specialty,
    HospCode: 'RX01',
    MethodOfAdmission: elective ? '11' : '21',
    SourceOfAdm: '19',
    MethodOfDischarge: discharged === null ? '' : '1',
    DestinationOnDischarge: discharged === null ? '' : '19',
    IntdMgmt: '1',
    Category: '01',
    EpiGPCode: patient.gp,
    EpiGPPracticeCode: patient.practice,
    RttPeriodStatus: stay.clocked ? '30' : '',
    Comment: chance.yes(0.1) || hasEverything(patient.index) ? 'Needs a side room' : '',
    WlDateCcyy: elective ? written(listed).day : '',
  });
  const parts = days > 4 && chance.yes(0.3) ? 2 : 1;
  const end = discharged ?? TODAY;
  for (let part = 1; part <= parts; part++) {
    const from = part === 1 ? admitted : admitted + DAY * 2;
    const to = part < parts ? admitted + DAY * 2 : discharged;
    putConsultantEpisode(
      chance,
      stay,
      { part, from, to, discharged, specialty, ward: wards[part - 1] ?? wards[0] },
      put,
    );
  }
  putWardStays(chance, stay, { end, discharged, wards, specialty }, put);
}
