import type { Chance } from '../chance.ts';
import { MASTERS } from './masters.ts';
import { DAY, dayOf, TODAY, written } from './moments.ts';
import { putClock } from './outpatients.ts';
import { hasEverything, type Patient, type Put } from './put.ts';

/** A community referral with its wait and its contacts. */
export function putCommunityCare(chance: Chance, patient: Patient, episode: string, put: Put): void {
  const referred = dayOf(TODAY - DAY * chance.between(60, 500)) + 11 * 60;
  const key = { InternalPatientNumber: patient.number, EpisodeNumber: episode };
  const clinician = chance.pick(MASTERS.communityClinicians);
  const full = hasEverything(patient.index);
  const over = chance.yes(0.4) || full;
  if (chance.yes(0.3) || full) putClock(patient, episode, `C${patient.number}${episode}`, referred, null, '100', put);
  put('CPSGREFERRAL', {
    ...key,
    ReferralDate: written(referred).day,
    RefDtTmInt: written(referred).int,
    LeadClinician: clinician,
    ReferralPriority: 'ROUTINE',
    Source: 'GP',
    ServGroup: chance.pick(['PHYS', 'DIET', 'NURS']),
    Outcome: over ? chance.pick(MASTERS.outcomes) : '',
    DischargeDate: over ? written(referred + DAY * 55).day : '',
    DiagComment1: chance.yes(0.3) ? 'Mobility' : '',
  });
  put('CPSOPWLIST', {
    ...key,
    WListCode: chance.pick(MASTERS.outpatientLists),
    DateOnList: written(referred).day,
    DateOnListInt: written(referred).int,
    Comment: chance.yes(0.2) || full ? 'Home visit' : '',
    RemovalComment: full ? 'First visit made' : '',
    RemovalDateTimeInt: chance.yes(0.7) || full ? written(referred + DAY * 10).int : '',
    ShortNotice: 'NO',
  });
  const contacts = full ? 3 : chance.between(1, 4);
  for (let i = 0; i < contacts; i++) {
    const begins = dayOf(referred + DAY * (12 + i * 14)) + 9 * 60 + 30 * chance.below(14);
    const cancelled = full ? i === 1 : chance.yes(0.08);
    const seen = begins < TODAY && !cancelled;
    put('HWSAPP', {
      ...key,
      PtApptStartDtimeInt: written(begins).int,
      ResCode: chance.pick(MASTERS.clinicDoctors),
      ApptDate: written(begins).day,
      ApptBookedDate: written(referred + DAY).full,
      ApptType: i === 0 ? 'NEW' : 'FUP',
      ApptClass: i === 0 ? '1' : '2',
      ApptStatus: seen ? (full && i === 0 ? 'WLK' : 'ATT') : cancelled ? 'CND' : '',
      ApptCancDate: cancelled ? written(begins - DAY).full : '',
      ApptComment: chance.yes(0.1) || full ? 'Ring the bell twice' : '',
      Transport: chance.yes(0.1) || full ? chance.pick(MASTERS.transport) : '',
      Disposal: seen ? chance.pick(MASTERS.disposals) : '',
      ClinicCode: chance.pick(MASTERS.clinics),
      ClinicConsultant: chance.pick(MASTERS.consultants),
      BookingType: chance.pick(MASTERS.bookingTypes),
      ReasonForRef: chance.pick(MASTERS.referralReasons),
      RefSpecialty: chance.pick(MASTERS.specialties),
      RegGPCode: patient.gp,
      PracticeCode: patient.practice,
      PtCategory: '01',
    });
  }
}

/** A psychiatric admission: its legal statuses, its episode, and a care plan at its end. */
export function putMentalHealth(chance: Chance, patient: Patient, episode: string, put: Put): void {
  const admitted = dayOf(TODAY - DAY * chance.between(60, 400)) + 14 * 60;
  const discharged = admitted + DAY * chance.between(10, 50);
  const key = { InternalPatientNumber: patient.number, EpisodeNumber: episode };
  const consultant = chance.pick(MASTERS.consultants);
  put('ADMITDISCH', {
    ...key,
    AdmissionDate: written(admitted).full,
    IpAdmDtimeInt: written(admitted).int,
    DischargeDate: written(discharged).full,
    IpDschDtimeInt: written(discharged).int,
    AdmWard: 'W08',
    Consultant: consultant,
    Specialty: '710',
    HospCode: 'RX02',
    MethodOfAdmission: '21',
    SourceOfAdm: '19',
    MethodOfDischarge: '1',
    DestinationOnDischarge: '19',
    IntdMgmt: '1',
    Category: '01',
    EpiGPCode: patient.gp,
    EpiGPPracticeCode: patient.practice,
  });
  for (const [i, status] of ['02', '03'].entries())
    put('LEGALSTATUSDETS', {
      ...key,
      LegalStatus: status,
      MentalCategory: 'A',
      KeLegalStatChangeDtimeInt: written(admitted + DAY * i * 3).int,
    });
  put('SMREPISODE', {
    ...key,
    EpisodeStartDate: written(admitted).day,
    EpisodeStartDtTmInt: written(admitted).int,
    EndCarePlanInt: '1',
    ConditionDesc: 'Under review',
  });
}

/** An attendance at accident and emergency: in every extract, and of nothing that is loaded. */
export function putAttendance(chance: Chance, patient: Patient, episode: string, put: Put): void {
  const came = dayOf(TODAY - DAY * chance.between(10, 700)) + chance.below(DAY);
  put('AEA', {
    InternalPatientNumber: patient.number,
    EpisodeNumber: episode,
    AeAttendanceDatetimeneutral: written(came).int,
    AttendanceDate: written(came).day,
    AttendanceTime: written(came).time,
    Consultant: chance.pick(MASTERS.consultants),
  });
}
