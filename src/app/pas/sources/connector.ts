import { SluiceError } from '../../../core/index.ts';

export interface SourceColumn {
  readonly name: string;
  /** as the source itself calls it; `text` where it has no types */
  readonly type: string;
}

export interface ListedTable {
  readonly table: string;
  readonly bytes: number;
}

/** What a look at a source may cost. */
export interface Limits {
  /** rows of a sample */
  readonly rows: number;
  readonly seconds: number;
}

export const MOST_ROWS = 1_000;

/** Somewhere V83's tables can be read. Nothing is ever written, and every answer comes within the limits. */
export interface SourceConnector {
  /** for reports; no secret in it */
  readonly name: string;
  list(): Promise<readonly ListedTable[]>;
  /** @throws CONFIG_INVALID when there is no such table */
  describe(table: string): Promise<readonly SourceColumn[]>;
  /** The first rows, blanks as ''. @throws CONFIG_INVALID when there is no such table */
  sample(
    table: string,
  ): Promise<{ readonly columns: readonly string[]; readonly rows: readonly (readonly string[])[] }>;
  close(): Promise<void>;
}

export const noSuchTable = (table: string): SluiceError =>
  new SluiceError('CONFIG_INVALID', `the source has no table ${table}; \`ls\` names those it has`);

export const tooSlow = (seconds: number): SluiceError =>
  new SluiceError('SOURCE_UNAVAILABLE', `the source did not answer within ${seconds} s; --timeout gives it longer`);
