import type { MomentFormat, SourceGrain, ValueType } from './model.ts';

/** Type of a V83 column, told from its name and size: the dictionary states neither. */
export function inferType(name: string, size: number | null): { type: ValueType; format: MomentFormat | null } {
  const moment = inferMoment(name.toLowerCase(), size);
  if (moment) return moment;
  if (/(seqno|sequenceno|sequencenumber|rptgrpkey)$/i.test(name)) return { type: 'integer', format: null };
  if (size === 1 && /(ind|indicator|flag|int)$/i.test(name)) return { type: 'flag', format: null };
  return { type: size !== null && size <= 8 ? 'code' : 'text', format: null };
}

const NAMED_DAY = /(^|[a-z])(dob|date|dttm|datetime|dtime)|dt$|dt(int|ext)$|tmint$/;
const NO_DAY = /update|indicator|ind$|code$|days|desc|comment|by$|userid|range/;
const INTERNAL = /(int|internal|neutral|neut|neutralformat)$/;

function inferMoment(name: string, size: number | null): { type: ValueType; format: MomentFormat } | null {
  if (size === null) return null;
  const internal = INTERNAL.test(name);
  const timeOnly = /time$/.test(name.replace('datetime', ''));
  if (NAMED_DAY.test(name) && !NO_DAY.test(name) && !timeOnly) {
    if (size === 16) return { type: 'datetime', format: 'DD/MM/CCYY HH:MM' };
    if (size === 12 && internal) return { type: 'datetime', format: 'CCYYMMDDHHMM' };
    if (size === 8) return { type: 'date', format: internal ? 'CCYYMMDD' : 'DD/MM/YY' };
    if ((size === 10 || size === 14) && !internal) return { type: 'date', format: 'DD/MM/CCYY' };
  }
  const clock = /time$/.test(name) && [4, 5, 7, 10].includes(size) && !/theatretime|timeavailable/.test(name);
  return clock ? { type: 'time', format: 'HH:MM' } : null;
}

const PATIENT = ['InternalPatientNumber', 'Intpatno'];
const DELETED = ['MfRecStsInd', 'Deleted', 'MasterFileRecordStatusIndicator'];

/** Grain, key and deletion marker, told from the columns every V83 table of that kind has. */
export function inferKey(columns: readonly string[]): {
  grain: SourceGrain;
  key: readonly string[];
  deletedBy: string | null;
} {
  const deletedBy = DELETED.find((name) => columns.includes(name)) ?? null;
  const patient = PATIENT.find((name) => columns.includes(name));
  if (patient === undefined) return { grain: 'reference', key: [], deletedBy };
  if (!columns.includes('EpisodeNumber')) return { grain: 'patient', key: [patient], deletedBy };
  const episode = [patient, 'EpisodeNumber'];
  if (!columns.includes('EpsActvDtimeInt')) return { grain: 'episode', key: episode, deletedBy };
  return { grain: 'activity', key: [...episode, 'EpsActvDtimeInt'], deletedBy };
}
