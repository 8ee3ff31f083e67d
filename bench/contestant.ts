import type pg from 'pg';

/** A running client of the topic and the table it writes. */
export interface Contest {
  /** the client's process */
  readonly pid: number;
  readonly target: pg.Client;
  /** the table in `target` */
  readonly table: string;
  /** Nothing is read until `resume`; what was written stays. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  close(): Promise<void>;
}

export interface Contestant {
  readonly name: string;
  /** Starts on the whole topic with an empty table; with a folder under a CPU profile written there at `close`. */
  begin(round: number, profile?: string): Promise<Contest>;
  close(): Promise<void>;
}
