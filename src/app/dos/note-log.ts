import { createHash, randomUUID } from 'node:crypto';
import { levelOf, type Note } from '../../migrations/dos/index.ts';

export type TellNote = (note: Note, record?: number) => void;

export interface NoteLogOptions {
  readonly write: (line: string) => void;
  readonly environment: string;
  readonly workspace: string | undefined;
  /** ISO UTC */
  readonly now: () => string;
}

/** What each code says, in a few words; its fields say the rest. */
const SAID: Readonly<Record<string, string>> = {
  DM_ETL_000: 'a run begins',
  DM_ETL_001: 'a service is read',
  DM_ETL_002: 'a transformer refuses',
  DM_ETL_003: 'a transformer is chosen',
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
  DM_ETL_021: 'a transaction is written',
  DM_ETL_022: 'a transaction is cancelled',
  DM_ETL_038: 'no pharmacy of this code',
  DM_ETL_039: 'the pharmacy cannot be moved',
  DM_ETL_040: 'the pharmacy has no ids',
  DM_ETL_041: 'DynamoDB refuses the item',
  DM_ETL_999: 'a run ends',
  DM_QP_000: 'filling a queue begins',
  DM_QP_001: 'messages to send',
  DM_QP_002: 'a batch is sent',
  DM_QP_003: 'messages not taken',
  DM_QP_004: 'messages sent',
  DM_QP_005: 'a single record',
  DM_QP_999: 'filling a queue ends',
};

/** Writes notes as JSON lines. Every line names the run, and the service it is of; all lines of a service in a run have one correlation id. */
export function noteLog({ write, environment, workspace, now }: NoteLogOptions): TellNote {
  const run_id = randomUUID();
  const correlation = (record: number): string =>
    createHash('sha256').update(`${run_id}/${record}`).digest('hex').slice(0, 32);
  return ({ code, fields }, record) => {
    const line = {
      time: now(),
      reference: code,
      level: levelOf(code),
      message: SAID[code] ?? code,
      detail: fields,
      run_id,
      env: environment,
      workspace: workspace ?? null,
      ...(record === undefined ? {} : { record_id: record, correlation_id: correlation(record) }),
    };
    write(`${JSON.stringify(line)}\n`);
  };
}
