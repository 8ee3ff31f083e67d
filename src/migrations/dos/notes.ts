import type { JsonObject, Note, NoteLevel } from '../../core/index.ts';

/**
 * What the reference logs of a record, as data: whoever runs the rules writes it out. The fields `record`,
 * `original_record` and `transformed_record` of the reference are left out, for a log is no place for rows.
 */
export type { Note } from '../../core/index.ts';

const DEBUG = new Set(['DM_ETL_001', 'DM_ETL_002', 'DM_ETL_006', 'DM_QP_002', 'DM_QP_004']);
const WARNING = new Set([
  'DM_ETL_010',
  'DM_ETL_011',
  'DM_ETL_012',
  'DM_ETL_013',
  'DM_ETL_014',
  'DM_ETL_018',
  'DM_ETL_038',
  'UTILS_GP_PRACTICE_VALIDATOR_002',
  'UTILS_GP_PRACTICE_VALIDATOR_004',
]);
const ERROR = new Set([
  'DM_ETL_008',
  'DM_ETL_009',
  'DM_ETL_022',
  'DM_ETL_039',
  'DM_ETL_040',
  'DM_ETL_041',
  'DM_QP_003',
]);

export const levelOf = (code: string): NoteLevel =>
  DEBUG.has(code) ? 'DEBUG' : WARNING.has(code) ? 'WARNING' : ERROR.has(code) ? 'ERROR' : 'INFO';

export const etl = (number: string, fields: JsonObject = {}): Note => ({ code: `DM_ETL_${number}`, fields });

export const queueNote = (number: string, fields: JsonObject = {}): Note => ({ code: `DM_QP_${number}`, fields });
