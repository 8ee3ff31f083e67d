import type { JsonObject } from './json.ts';

/** Ports for saying what goes on. Only `app` knows the libraries behind them. */

/** Fields a log line may carry: everything else is refused by the type, so no row value can slip in. */
export interface LogFields {
  readonly pipeline?: string;
  readonly flow?: string;
  readonly table?: string;
  readonly topic?: string;
  readonly partition?: number;
  readonly offset?: string;
  readonly target?: string;
  readonly code?: string;
  readonly count?: number;
  readonly attempt?: number;
  readonly ms?: number;
  readonly lane?: number;
  readonly worker?: string;
  /** joins the lines of one row's journey across stages and processes: the hash `sluice parked ls` shows as its key */
  readonly correlationId?: string;
  /** from `opaqueKey`, never the key itself */
  readonly keyHash?: string;
  readonly part?: string;
  readonly port?: number;
  /** one run of a program, from its start to its end */
  readonly run_id?: string;
  readonly environment?: string;
  /** null: the tables are those of no workspace */
  readonly workspace?: string | null;
  /** key of a root whose migration says that its keys are nobody's (see `NoteRules`) */
  readonly record_id?: string;
}

/**
 * What the rules of a migration have to say of a record, as data. The rules see to it that no value of a row is in it:
 * ids, names of rules, figures.
 */
export interface Note {
  readonly code: string;
  readonly fields: JsonObject;
}

export type NoteLevel = 'DEBUG' | 'INFO' | 'WARNING' | 'ERROR';

export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields, cause?: unknown): void;
  note(note: Note, level: NoteLevel, message: string, fields?: LogFields): void;
  with(fields: LogFields): Log;
}

export type Labels = Readonly<Record<string, string>>;

/** Figures by name, as docs/metrics.md lists them; labels are pipeline, flow, table, target, code, stage only. */
export interface Meter {
  count(name: string, labels: Labels, by?: number): void;
  gauge(name: string, labels: Labels, value: number): void;
  /** Ends the series of a gauge whose value is not known any more: the last one would look well for ever. */
  drop(name: string, labels: Labels): void;
  /** @param times so many events it stands for, of which this one was timed; 1 unless told */
  observe(name: string, labels: Labels, value: number, times?: number): void;
}

/** Time and chance come in from outside, so that tests own them. */
export interface Clock {
  /** milliseconds since 1970 */
  now(): number;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const silentLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  note() {},
  with: () => silentLog,
};

export const silentMeter: Meter = { count() {}, gauge() {}, drop() {}, observe() {} };
