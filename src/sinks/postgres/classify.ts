import { type ErrorCode, SluiceError } from '../../core/index.ts';

interface PostgresFault {
  readonly code?: string;
  readonly constraint?: string;
  readonly table?: string;
  readonly column?: string;
}

const NETWORK = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EHOSTUNREACH', 'EAI_AGAIN']);

function codeOf(fault: PostgresFault): ErrorCode {
  const code = fault.code ?? '';
  // 25P03: the server ended a session that was idle in a transaction for too long
  if (NETWORK.has(code) || /^(08|57|25P03)/.test(code)) return 'TARGET_UNAVAILABLE';
  if (code === '40001' || code === '40P01' || code === '55P03') return 'TARGET_BUSY';
  if (code === '53100' || code === '58030') return 'TARGET_OUT_OF_SPACE';
  if (code.startsWith('53')) return 'TARGET_BUSY';
  if (code === '25006') return 'TARGET_READ_ONLY';
  if (code.startsWith('28')) return 'UNAUTHORISED';
  if (code === '42P01' || code === '42703' || code === '3F000' || code === '42P10') return 'SCHEMA_OUTDATED';
  if (code.startsWith('22') || code.startsWith('23')) return 'CONSTRAINT_VIOLATED';
  return 'INTERNAL';
}

/**
 * A foreign error as ours. The server's own message can quote a row, so only names of its objects are taken over.
 * Errors of a broken connection carry no SQLSTATE and mean that the outcome is unknown.
 */
export function classify(error: unknown): SluiceError {
  if (error instanceof SluiceError) return error;
  const fault = (error ?? {}) as PostgresFault & { message?: string };
  const lost = fault.code === undefined && /connection|timeout|terminat/i.test(fault.message ?? '');
  const code = lost ? 'TARGET_UNAVAILABLE' : codeOf(fault);
  const context: Record<string, string> = {};
  if (fault.code) context.sqlstate = fault.code;
  if (fault.table) context.table = fault.table;
  if (fault.column) context.column = fault.column;
  if (fault.constraint) context.constraint = fault.constraint;
  const where = Object.entries(context).map(([name, value]) => `${name} ${value}`);
  const programming = code === 'INTERNAL' && fault.code === undefined;
  return new SluiceError(code, `PostgreSQL: ${where.join(', ') || 'connection lost'}`, {
    context,
    // a programming fault has no row in it and is worth its stack; a server's answer may quote one
    ...(programming ? { cause: error } : {}),
  });
}
