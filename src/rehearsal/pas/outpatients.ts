import type { Chance } from '../chance.ts';
import { MASTERS } from './masters.ts';
import { DAY, dayOf, type Moment, TODAY, written } from './moments.ts';
import { hasEverything, type Patient, type Put } from './put.ts';

/** One referral: the clock it starts, the list it waits on, its appointments, its end. @returns its letter's number */
export function putReferral(chance: Chance, patient: Patient, episode: string, put: Put): string {
  const full = hasEverything(patient.index);
  const referred: Moment = dayOf(TODAY - DAY * chance.between(60, 900)) + 9 * 60;
  const at = written(referred);
  const pathway = chance.yes(0.6) ? `X${patient.number}${episode}` : null;
  const consultant = chance.pick(MASTERS.consultants);
  const specialty = chance.pick(MASTERS.specialties);
  const done = chance.yes(0.5) || full;
  const visits = chance.weighted([
    [1, 40],
    [2, 40],
    [3, 20],
  ]);
  const reason = chance.pick(MASTERS.referralReasons);
  const by = full ? 'CONS' : chance.pick(['GP', 'AE', 'CONS']);
  const letter = `L${episode.slice(-5)}`;
  const ended = done ? referred + DAY * (20 + visits * 30) : null;
  put('OPREFERRAL', {
    InternalPatientNumber: patient.number,
    EpisodeNumber: episode,
    ReferralDate: at.day,
    OpRegDtimeInt: at.int,
    DischargeTm: ended === null ? '' : written(ended).full,
    EpiGPCode: patient.gp,
    EpiGPPracticeCode: patient.practice,
    ConsCode: consultant,
    Specialty: specialty,
    PriorityType: chance.pick(['1', '2', '3']),
    RefBy: by,
    EpiReferringCon: by === 'CONS' ? chance.pick(MASTERS.consultants) : '',
    ReasonForRef: reason,
    Category: '01',
    GPReferralLetterNumber: letter,
    RTTPeriodStatus: chance.yes(0.8) || full ? '10' : '',
    StatusDTInt: at.int,
  });
  if (pathway !== null) putClock(patient, episode, pathway, referred, ended, specialty, put);
  const list = chance.yes(0.7) || full ? chance.pick(MASTERS.outpatientLists) : '';
  if (list !== '' && (chance.yes(0.2) || patient.index === 1))
    put('OPWLENTRY', {
      InternalPatientNumber: patient.number,
      EpisodeNumber: episode,
      TreatmentCode: list,
      DateOnList: at.day,
      FollUpApptReqdDtEXT: written(referred + DAY * 90).full,
      Comment: chance.yes(0.3) || full ? 'Mornings are best' : '',
      ShortNotice: chance.pick(['YES', 'NO']),
      TransportCode: chance.pick(MASTERS.transport),
    });
  const leaves = referred + DAY * 10;
  if (list !== '' && (chance.yes(0.1) || patient.index === 2))
    put('OPWLREMENTRY', {
      InternalPatientNumber: patient.number,
      EpisodeNumber: episode,
      TreatmentCode: list,
      DateOnList: at.day,
      OpWlRemDatetimeInt: written(leaves).int,
      OpWlRemDatetimeExt: written(leaves).full,
      OpWlRemovalCode: chance.pick(MASTERS.removalReasons),
      OpWlPatientSpecialty: specialty,
      OpWlPatientCons: consultant,
      Comment: chance.yes(0.3) || full ? 'Moved house' : '',
      OpWlRemovalComment: chance.yes(0.3) || full ? 'By telephone' : '',
      ShortNotice: 'NO',
    });
  for (let visit = 0; visit < visits; visit++)
    putAppointment(chance, { patient, episode, list, consultant, specialty, referred, reason, visit, ended }, put);
  if (ended !== null)
    put('OPDISCHARGE', {
      InternalPatientNumber: patient.number,
      EpisodeNumber: episode,
      OpDischargeDTimeInt: written(ended).int,
      DischargeDatetime: written(ended).full,
      ReasonCode: chance.pick(MASTERS.dischargeReasons),
    });
  return letter;
}

/** A pathway of an episode and its one clock. */
export function putClock(
  patient: Patient,
  episode: string,
  pathway: string,
  started: Moment,
  ended: Moment | null,
  specialty: string,
  put: Put,
): void {
  const of = { InternalPatientNumber: patient.number, PathwayNumber: pathway };
  const start = written(started);
  put('RTTPTPATHWAY', {
    ...of,
    RttCurrentStatus: ended === null ? '20' : '30',
    RttSpeciality: specialty,
    PathwayCondition: 'Under review',
  });
  put('RTTPERIOD', {
    ...of,
    PPeriodId: '1',
    RttStartDate: start.day,
    RttStartDateTimeInt: start.int,
    RttEndDate: ended === null ? '' : written(ended).day,
  });
  put('RTTPTEPIPATHWAY', { ...of, EpisodeNumber: episode });
  put('RTTEPIPERIOD', { ...of, EpisodeNumber: episode, PPeriodId: '1', RttStartDateTimeInt: start.int });
}

interface Visit {
  readonly patient: Patient;
  readonly episode: string;
  readonly list: string;
  readonly consultant: string;
  readonly specialty: string;
  readonly referred: Moment;
  readonly reason: string;
  readonly visit: number;
  readonly ended: Moment | null;
}

function putAppointment(chance: Chance, about: Visit, put: Put): void {
  const { patient, episode, visit, referred, ended } = about;
  const full = hasEverything(patient.index);
  const begins = dayOf(referred + DAY * (14 + visit * 30)) + 8 * 60 + 15 * chance.below(36);
  const at = written(begins);
  const past = begins < TODAY;
  const cancelled = full ? visit === 0 && patient.index === 1 : chance.yes(0.1);
  const seen = past && !cancelled;
  const doctor = chance.pick(MASTERS.clinicDoctors);
  put('OPA', {
    InternalPatientNumber: patient.number,
    EpisodeNumber: episode,
    PtApptStartDtimeInt: at.int,
    ResCode: doctor,
    ApptDate: at.day,
    ApptTime: at.time,
    ApptBookedDate: written(referred + DAY * 3).full,
    ApptType: visit === 0 ? 'NEW' : 'FUP',
    ApptClass: visit === 0 ? '1' : '2',
    ApptStatus: seen ? chance.pick(['ATT', 'SATT', 'WLK', 'DNA']) : cancelled ? chance.pick(['CND', 'CNH']) : '',
    ApptCancDate: cancelled ? written(begins - DAY * 2).full : '',
    ReasonForCanc: cancelled ? chance.pick(['Unwell', 'Clinic closed']) : '',
    CancelComment: cancelled ? 'By telephone' : '',
    CancelBy: cancelled ? chance.pick(['P', 'H']) : '',
    Disposal: seen ? chance.pick(MASTERS.disposals) : '',
    BookFromWL: visit === 0 ? about.list : '',
    BookingType: chance.pick(MASTERS.bookingTypes),
    ClinicCode: chance.pick(MASTERS.clinics),
    ClinicConsultant: about.consultant,
    ClinicSpecialty: about.specialty,
    ReasonForRef: about.reason,
    RefBy: 'GP',
    RefConsultant: about.consultant,
    RefPriority: '1',
    ReferralDate: written(referred).day,
    RttPeriodStatus: seen ? '20' : '',
    Transport: chance.yes(0.1) ? chance.pick(MASTERS.transport) : '',
    AttSubDiagCode: seen && (chance.yes(0.1) || full) ? chance.pick(MASTERS.diagnoses) : '',
    AttPriDiagCode: seen && chance.yes(0.5) ? chance.pick(MASTERS.diagnoses) : '',
    ApptPrimaryProcedureCode: seen && chance.yes(0.3) ? chance.pick(MASTERS.procedures) : '',
    ApptComment: chance.yes(0.1) ? 'Bring "old" letters, please' : '',
    ...(chance.yes(0.3) || full
      ? {
          CABServiceCode: chance.pick(MASTERS.bookingServices),
          EbookingReferenceNumber: `0000${episode}${visit}`,
          UniqueServiceID: `${episode}${visit}`,
        }
      : {}),
    ...(chance.yes(0.5) || full
      ? {
          HaCode: 'QAA',
          ApptConractId: `K${episode.slice(-5)}`,
          ApptPurchRef: `PR${episode}`,
          ApptPurchaser: chance.pick(MASTERS.purchasers),
        }
      : {}),
    EpiGp: patient.gp,
    PracticeCode: patient.practice,
    DischDate: ended === null ? '' : written(ended).full,
    Forenames: patient.forenames,
    Surname: patient.surname,
    Sex: patient.sex,
    Dob: patient.born,
    Postcode: patient.postcode,
  });
  if (!seen) return;
  const of = {
    InternalPatientNumber: patient.number,
    EpisodeNumber: episode,
    PtApptStartDtimeInt: at.int,
    ResCode: doctor,
  };
  for (const [step, after] of [
    ['ARR', -10],
    ['SEEN', 5],
    ['LEFT', 25],
  ] as const)
    put('OPATTTRACK', {
      ...of,
      TrackingStep: step,
      SchPatientTrackingStepDatetimeNeutral: written(begins + after).int,
    });
  if (chance.yes(0.15)) put('OPADIAGNOSIS', { ...of, SeqNo: '1', SchAttDiagCod: chance.pick(MASTERS.diagnoses) });
  const further = full ? 10 : chance.yes(0.15) ? chance.between(1, 3) : 0;
  for (let seq = 1; seq <= further; seq++)
    put('OPPROCEDURE', {
      ...of,
      OpAppointmentProcedureSequenceNumber: String(seq),
      Operation: chance.pick(MASTERS.procedures),
    });
}
