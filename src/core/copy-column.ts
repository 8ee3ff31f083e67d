/**
 * PostgreSQL types a column can be copied as. Plain `timestamp` is not among them: its unit is in the schema of the
 * topic only, so such a column needs a transformer that knows it.
 */
export type CopyType =
  | 'bigint'
  | 'integer'
  | 'smallint'
  | 'boolean'
  | 'double precision'
  | 'text'
  | 'timestamptz'
  | 'date'
  | 'numeric'
  | 'uuid'
  | 'jsonb';

export interface CopyColumn {
  readonly from: string;
  readonly to: string;
  readonly type: CopyType;
}
