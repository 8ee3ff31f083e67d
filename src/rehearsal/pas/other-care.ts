import type { Chance } from '../chance.ts';
import { MASTERS } from './masters.ts';
import { DAY, dayOf, TODAY, written } from './moments.ts';
import type { Patient, Put } from './put.ts';

/** A community referral with its wait and its contacts. */
export function putCommunityCare(chance: Chance, patient: Patient, episode: string, put: Put): void {
  const referred = dayOf(TODAY - DAY * chance.between(60, 500)) + 11 * 60;
  const key = { InternalPatientNumber: patient.number, EpisodeNumber: episode };
  const clinician = chance.pick(MASTERS.communityClinicians);
  put('CPSGREFERRAL', {
    ...key,
    ReferralDate: written(referred).day,
    RefDtTmInt: written(referred).int,
    LeadClinician: clinician,
    ReferralPriority: 'ROUTINE',
    Source: 'GP',
    DiagComment1: chance.yes(0.3) ? 'Mobility' : '',
  });
  put('CPSOPWLIST', {
    ...key,
    WListCode: chance.pick(MASTERS.outpatientLists),
    DateOnList: written(referred).day,
    DateOnListInt: written(referred).int,
    RemovalDateTimeInt: chance.yes(0.7) ? written(referred + DAY * 10).int : '',
    ShortNotice: 'NO',
  });
  for (let i = 0; i < chance.between(1, 4); i++) {
    const begins = dayOf(referred + DAY * (12 + i * 14)) + 9 * 60 + 30 * chance.below(14);
    const seen = begins < TODAY;
    put('HWSAPP', {
      ...key,
      PtApptStartDtimeInt: written(begins).int,
      ResCode: chance.pick(MASTERS.clinicDoctors),
      ApptDate: written(begins).day,
      ApptBookedDate: written(referred + DAY).full,
      ApptType: i === 0 ? 'NEW' : 'FUP',
      ApptClass: i === 0 ? '1' : '2',
      ApptStatus: seen ? 'ATT' : '',
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
