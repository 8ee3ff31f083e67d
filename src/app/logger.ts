import { pino } from 'pino';
import type { Log, LogFields, NoteLevel } from '../core/index.ts';

const ALLOWED: ReadonlySet<keyof LogFields> = new Set<keyof LogFields>([
  'pipeline',
  'flow',
  'table',
  'topic',
  'partition',
  'offset',
  'target',
  'code',
  'count',
  'attempt',
  'ms',
  'lane',
  'worker',
  'correlationId',
  'keyHash',
  'part',
  'port',
  'run_id',
  'environment',
  'workspace',
  'record_id',
]);

/** Only fields of the list pass: redaction by path misses shapes nobody thought of, a list of what is allowed cannot. */
function allowed(fields: LogFields | undefined): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields ?? {})) {
    if (ALLOWED.has(name as keyof LogFields)) kept[name] = value;
  }
  return kept;
}

/** An error's own message can quote a row (a database does); its kind and where it was thrown cannot. */
function describe(cause: unknown): Record<string, unknown> {
  if (!(cause instanceof Error)) return {};
  const frames = (cause.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return { error: cause.name, stack: frames.slice(0, 8).map((line) => line.trim()) };
}

export interface LogOptions {
  readonly level: string;
  /** where lines go; standard output when not given */
  readonly write?: (line: string) => void;
}

const PINO_LEVEL: Readonly<Record<NoteLevel, 'debug' | 'info' | 'warn' | 'error'>> = {
  DEBUG: 'debug',
  INFO: 'info',
  WARNING: 'warn',
  ERROR: 'error',
};

/** One JSON line an event on standard output. */
export function createLog(options: LogOptions, base: LogFields = {}): Log {
  const stream = options.write === undefined ? pino.destination({ fd: 1, sync: true }) : { write: options.write };
  const logger = pino({ level: options.level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, stream);
  return wrap(logger, base);
}

function wrap(logger: pino.Logger, base: LogFields): Log {
  const fields = (given?: LogFields) => allowed({ ...base, ...given });
  return {
    debug: (message, given) => logger.debug(fields(given), message),
    info: (message, given) => logger.info(fields(given), message),
    warn: (message, given) => logger.warn(fields(given), message),
    error: (message, given, cause) => logger.error({ ...fields(given), ...describe(cause) }, message),
    note: ({ code, fields: detail }, level, message, given) =>
      logger[PINO_LEVEL[level]]({ ...fields(given), code, detail }, message),
    with: (given) => wrap(logger, { ...base, ...given }),
  };
}
