import type { Chance } from '../chance.ts';
import { MASTERS } from './masters.ts';
import { ageOn, DAY, type Moment, written } from './moments.ts';
import { hasEverything, type Patient, type Put } from './put.ts';

/** An admission and what it goes back to. */
export interface Stay {
  readonly patient: Patient;
  readonly episode: string;
  readonly listed: Moment;
  readonly elective: boolean;
  /** A clock ran for it. */
  readonly clocked: boolean;
  readonly admitted: Moment;
  readonly consultant: string;
}

interface Part {
  readonly part: number;
  readonly from: Moment;
  readonly to: Moment | null;
  readonly discharged: Moment | null;
  readonly specialty: string;
  readonly ward: string;
}

export function putConsultantEpisode(
  chance: Chance,
  stay: Stay,
  { part, from, to, discharged, specialty, ward }: Part,
  put: Put,
): void {
  const { patient, episode, admitted, elective, listed } = stay;
  const key = { InternalPatientNumber: patient.number, EpisodeNumber: episode };
  const consultant = part === 1 ? stay.consultant : chance.pick(MASTERS.consultants);
  const full = hasEverything(patient.index);
  const coded = to !== null && (chance.yes(0.9) || full);
  const codes = {
    KornerEpisodePrimaryDiagnosisCode: coded ? chance.pick(MASTERS.diagnoses) : '',
    KornerEpisodePrimaryProcedureCode: coded && (chance.yes(0.6) || full) ? chance.pick(MASTERS.procedures) : '',
  };
  const subsidiary = coded && (chance.yes(0.3) || full) ? chance.pick(MASTERS.diagnoses) : '';
  put('CONSEPISODE', {
    ...key,
    FCENumber: String(part),
    EpsActvDtimeInt: written(from).int,
    EpisodeStartDate: written(from).day,
    EpisodeStartTime: written(from).time,
    ConsultantEpisodeEndDttm: to === null ? '' : written(to).int,
    ConsultantCode: consultant,
    SpecialtyCode: specialty,
    HRGCode: coded ? 'HA11A' : '',
    ...codes,
    KornerEpisodeProcedureDateInternal: codes.KornerEpisodePrimaryProcedureCode === '' ? '' : written(from).dayInt,
    KornerEpisodeSubsidiaryDiagnosisCode: subsidiary,
  });
  if (to === null) return;
  put('FCEEXT', {
    ...key,
    ...codes,
    FceSequenceNo: String(part),
    Subsid: subsidiary,
    HrgCode: coded ? 'HA11A' : '',
    HaCode: 'QAA',
    ContractId: `K${episode.slice(-5)}`,
    DaysOnWl: elective ? String(Math.round((admitted - listed) / DAY)) : '',
    AgeAtStartOfEpisode: ageOn(patient.born, from),
    EpsActvDtimeInt: written(from).int,
    FCEStartDate: written(from).day,
    FCEStartDTimeInt: written(from).int,
    FCEEndDate: written(to).day,
    AdmissionDatetime: written(admitted).full,
    DischargeDatetime: discharged === null ? '' : written(discharged).full,
    DateOnList: elective ? written(listed).full : '',
    Consultant: consultant,
    Specialty: specialty,
    IntdMgmt: '1',
    ClassPat: '1',
    PatientCategory: '01',
    MethodOfDischarge: '1',
    WardCdend: ward,
    Forenames: patient.forenames,
    Surname: patient.surname,
    Sex: patient.sex,
    Dob: patient.born,
    Postcode: patient.postcode,
    GpCode: patient.gp,
    PracticeCode: patient.practice,
    ProviderCode: 'RX0',
    PurchaserCode: '5QJ',
    LosForConsEps: String(Math.round((to - from) / DAY)),
  });
  const diagnoses = full ? 10 : chance.below(4);
  for (let seq = 1; coded && seq <= diagnoses; seq++)
    put('CONSEPISDIAG', {
      ...key,
      FCENumber: String(part),
      SecondaryDiagSeqNo: String(seq),
      SecondaryDiagnosis: chance.pick(MASTERS.diagnoses),
    });
  const procedures = full ? 10 : chance.yes(0.2) ? chance.between(1, 3) : 0;
  for (let seq = 1; coded && seq <= procedures; seq++)
    put('CONSEPISPROC', {
      ...key,
      FCENumber: String(part),
      SecondaryProcSeqNo: String(seq),
      OPCS: chance.pick(MASTERS.procedures),
    });
  if (part === 1)
    put('ALLOCATEDCONTRACT', {
      ...key,
      LineNumber: '1',
      ContractId: `K${episode.slice(-5)}`,
      PurchaserRef: `PR${episode}`,
      CmNeutralDttime: written(from).int,
    });
}

interface Wards {
  readonly end: Moment;
  readonly discharged: Moment | null;
  readonly wards: readonly [string, string];
  readonly specialty: string;
}

/** V83 begins a new row whenever anything about a stay changes, so that one stay on a ward may be several rows. */
export function putWardStays(chance: Chance, stay: Stay, { end, discharged, wards, specialty }: Wards, put: Put): void {
  const key = { InternalPatientNumber: stay.patient.number, EpisodeNumber: stay.episode };
  const cuts = end - stay.admitted > DAY * 3 ? [DAY, DAY * 2] : [];
  const moments = [stay.admitted, ...cuts.map((cut) => stay.admitted + cut), end];
  for (let i = 0; i + 1 < moments.length; i++) {
    const [from, to] = [moments[i] ?? 0, moments[i + 1] ?? 0];
    const last = i + 2 === moments.length;
    const ward = i < 2 ? wards[0] : wards[1];
    const over = !last || discharged !== null;
    put('CONSWARDSTAY', {
      ...key,
      EpsActvDtimeInt: written(from).int,
      StartDate: written(from).day,
      StartTime: written(from).time,
      EndDate: over ? written(to).day : '',
      EndDtTimeInt: over ? written(to).int : '',
      WardCode: ward,
      ConsultantCode: stay.consultant,
      Specialty: specialty,
      HospitalCode: 'RX01',
      IpAdmDtimeInt: written(stay.admitted).int,
    });
    put('ROOMSTAY', {
      ...key,
      EpsActvDtimeInt: written(from).int,
      Ward: ward,
      BedID: `B${chance.between(1, 30)}`,
      Hospital: 'RX01',
    });
  }
}
