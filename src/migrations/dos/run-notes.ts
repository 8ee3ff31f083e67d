import type { Note, NoteRules } from '../../core/index.ts';
import { etl, levelOf } from './notes.ts';
import { bothSets } from './services/counts.ts';

/** What each code says, in a few words; its fields say the rest. */
const TEXTS: Readonly<Record<string, string>> = {
  DM_ETL_000: 'a run begins',
  DM_ETL_001: 'a service is read',
  DM_ETL_002: 'a transformer refuses it',
  DM_ETL_003: 'a transformer takes it',
  DM_ETL_004: 'no transformer takes it',
  DM_ETL_005: 'passed over',
  DM_ETL_006: 'transformed',
  DM_ETL_007: 'done',
  DM_ETL_008: 'failed',
  DM_ETL_009: 'a message that cannot be understood',
  DM_ETL_010: 'a method nothing is done for',
  DM_ETL_011: 'a table nothing is done for',
  DM_ETL_012: 'a symptom group without discriminators',
  DM_ETL_013: 'issues found',
  DM_ETL_014: 'a fatal issue',
  DM_ETL_017: 'no age ranges',
  DM_ETL_018: 'a disposition nobody knows',
  DM_ETL_019: 'moved before',
  DM_ETL_020: 'not moved before',
  DM_ETL_021: 'a transaction is written',
  DM_ETL_022: 'a transaction is cancelled',
  DM_ETL_023: 'no organisation',
  DM_ETL_024: 'an organisation is made',
  DM_ETL_025: 'no location',
  DM_ETL_026: 'a location is made',
  DM_ETL_028: 'a healthcare service is made',
  DM_ETL_029: 'the organisation is as it was',
  DM_ETL_030: 'the organisation is changed',
  DM_ETL_031: 'the location is as it was',
  DM_ETL_032: 'the location is changed',
  DM_ETL_033: 'the healthcare service is as it was',
  DM_ETL_034: 'the healthcare service is changed',
  DM_ETL_035: 'a state is made',
  DM_ETL_036: 'a state is changed',
  DM_ETL_037: 'nothing to write',
  DM_ETL_038: 'no pharmacy of this code',
  DM_ETL_039: 'the pharmacy cannot be moved',
  DM_ETL_040: 'the pharmacy has no ids',
  DM_ETL_041: 'DynamoDB refuses an item',
  DM_ETL_999: 'a run ends',
  DM_QP_000: 'filling a queue begins',
  DM_QP_001: 'messages to send',
  DM_QP_002: 'a batch is sent',
  DM_QP_003: 'messages not taken',
  DM_QP_004: 'messages taken',
  DM_QP_005: 'a single record',
  DM_QP_999: 'filling a queue ends',
};

const ERRORS = ['008', '038', '039'];

/** The counters of a run, from how often each code was told. */
function closing(told: ReadonlyMap<string, number>): Note {
  const of = (...numbers: string[]): number =>
    numbers.reduce((sum, number) => sum + (told.get(`DM_ETL_${number}`) ?? 0), 0);
  const metrics = {
    total: of('001'),
    supported: of('003'),
    unsupported: of('004'),
    transformed: of('006'),
    inserted: of('035'),
    updated: of('036'),
    skipped: of('005'),
    invalid: of('014'),
    errors: of(...ERRORS),
  };
  return etl('999', { metrics: bothSets(metrics), failures: 0 });
}

export const NOTES: NoteRules = {
  levelOf,
  textOf: (code) => TEXTS[code] ?? code,
  rated: ['001', ...ERRORS].map((number) => `DM_ETL_${number}`),
  opening: etl('000', { event: { type: 'stream' } }),
  closing,
};
