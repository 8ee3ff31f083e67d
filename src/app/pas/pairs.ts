import { hash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createCsvReader, SluiceError } from '../../core/index.ts';
import type { Crosswalk } from '../../migrations/pas/index.ts';

/** Crosswalks as a given contract has them: files of two columns, without dates and without signatures. */
export function readPairs(folder: string | null): { crosswalks: ReadonlyMap<string, Crosswalk>; hash: string } {
  const crosswalks = new Map<string, Crosswalk>();
  const texts: string[] = [];
  if (folder === null) return { crosswalks, hash: hash('sha256', '') };
  if (!existsSync(folder)) throw new SluiceError('CONFIG_INVALID', `--crosswalks: there is no folder ${folder}`);
  for (const file of readdirSync(folder).sort()) {
    if (!file.endsWith('.csv')) continue;
    const text = readFileSync(join(folder, file), 'utf8');
    texts.push(file, text);
    const name = file.slice(0, -4);
    const entries: {
      source: string;
      target: string;
      meaning: string;
      from: null;
      to: null;
      review: 'DRAFT';
      reviewedBy: string;
    }[] = [];
    const reader = createCsvReader({
      row([source = '', target = ''], line) {
        if (line > 1)
          entries.push({
            source: source.trim(),
            target,
            meaning: '',
            from: null,
            to: null,
            review: 'DRAFT',
            reviewedBy: '',
          });
      },
      bad(line, problem) {
        throw new SluiceError('CONFIG_INVALID', `--crosswalks: line ${line} of ${file} cannot be read (${problem})`);
      },
    });
    reader.push(text.replace(/^\ufeff/, ''));
    reader.end();
    crosswalks.set(name, { kind: 'codes', name, version: 'given', says: '', entries });
  }
  return { crosswalks, hash: hash('sha256', texts.join('\u001e')) };
}
