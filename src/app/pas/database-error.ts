import { SluiceError } from '../../core/index.ts';

/** Why a connection to `--db` could not be made, in words that say what to do. `what`: the source, staging database. */
export function notConnected(what: string, cause: unknown): SluiceError {
  const code = cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  // the driver gives a password that is missing no code: the server asked for one and there was none to send
  const refused = code.startsWith('28') || (cause instanceof Error && cause.message.startsWith('SASL'));
  if (refused)
    return new SluiceError('UNAUTHORISED', `--db: ${what} refuses this user or password; is PGPASSWORD set?`, {
      cause,
    });
  if (code === '3D000') return new SluiceError('CONFIG_INVALID', `--db: there is no database of that name`, { cause });
  return new SluiceError('SOURCE_UNAVAILABLE', `--db: ${what} cannot be reached`, { cause });
}
