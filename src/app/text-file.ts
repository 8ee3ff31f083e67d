import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { SluiceError } from '../core/index.ts';

/**
 * Writes a file whole or not at all: a reader meets the old text or the new one. Its folder is made.
 *
 * @param option what names the file, for whoever has to mend it
 * @throws CONFIG_INVALID when it cannot be written
 */
export function replaceFile(path: string, text: string, option: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.part`, text);
    renameSync(`${path}.part`, path);
  } catch {
    throw new SluiceError('CONFIG_INVALID', `${option}: ${path} cannot be written`);
  }
}
