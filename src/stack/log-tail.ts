import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const tailOf = (text: string, count: number): readonly string[] =>
  text.trim() === '' || count < 1 ? [] : text.trimEnd().split('\n').slice(-count);

/** The last lines of a log; none when there is no log. */
export const lastLines = (path: string, count: number): readonly string[] =>
  existsSync(path) ? tailOf(readFileSync(path, 'utf8'), count) : [];

/** Prints the last lines of a log, then what is added to it until `signal` ends it. A log begun anew is read anew. */
export async function followLog(
  path: string,
  options: { lines: number; signal: AbortSignal; print: (text: string) => void },
): Promise<void> {
  const soFar = readFileSync(path);
  const shown = tailOf(soFar.toString(), options.lines);
  if (shown.length > 0) options.print(`${shown.join('\n')}\n`);
  const decoder = new TextDecoder();
  let place = soFar.length;
  while (!options.signal.aborted) {
    const added = readFrom(path, place);
    place = added.end;
    if (added.bytes.length > 0) options.print(decoder.decode(added.bytes, { stream: true }));
    else await sleep(200, undefined, { signal: options.signal }).catch(() => undefined);
  }
}

function readFrom(path: string, place: number): { bytes: Buffer; end: number } {
  const file = openSync(path, 'r');
  try {
    const size = fstatSync(file).size;
    const start = size < place ? 0 : place;
    const bytes = Buffer.alloc(Math.min(size - start, 1 << 20));
    const read = readSync(file, bytes, 0, bytes.length, start);
    return { bytes: bytes.subarray(0, read), end: start + read };
  } finally {
    closeSync(file);
  }
}
