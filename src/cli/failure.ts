import pc from 'picocolors';
import { SluiceError } from '../core/index.ts';

/** Exit codes of every command: scripts may rely on them. */
export const EXIT = { ok: 0, failure: 1, badInput: 2, drift: 3 } as const;

/** Says what happened and what to do, on standard error, and picks the exit code. */
export function reportFailure(error: unknown, json: boolean): number {
  if (error instanceof SluiceError) {
    if (json)
      process.stderr.write(`${JSON.stringify({ code: error.code, message: error.message, advice: error.advice })}\n`);
    else
      process.stderr.write(`${pc.red('error')} ${error.message}\n      ${pc.dim(`${error.code}: ${error.advice}`)}\n`);
    return error.code === 'CONFIG_INVALID' ? EXIT.badInput : EXIT.failure;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(
    json ? `${JSON.stringify({ code: 'INTERNAL', message: text })}\n` : `${pc.red('error')} ${text}\n`,
  );
  return EXIT.failure;
}
