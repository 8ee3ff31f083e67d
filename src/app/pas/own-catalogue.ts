import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { SluiceError } from '../../core/index.ts';
import {
  type Catalogue,
  type CatalogueDifference,
  compareCatalogues,
  importDictionary,
  writeSourceCatalogue,
} from '../../migrations/pas/index.ts';

/** The texts of a folder that must not be lost by chance. */
const FILES = ['source-tables.csv', 'source-columns.csv'] as const;

export interface ImportedCatalogue {
  readonly tables: number;
  readonly columns: number;
  readonly written: readonly string[];
  /** Against the catalogue that ships. */
  readonly differences: readonly CatalogueDifference[];
}

/**
 * Reads a hospital's dictionary and writes it as a catalogue folder.
 * @throws CONFIG_INVALID when the file cannot be read, or the folder has a catalogue and `replace` is not set
 */
export function importOwnCatalogue(
  file: string,
  folder: string,
  ours: Catalogue,
  options: { readonly replace: boolean },
): ImportedCatalogue {
  if (!existsSync(file)) throw new SluiceError('CONFIG_INVALID', `there is no file ${file}`);
  const bytes = readFileSync(file);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new SluiceError('CONFIG_INVALID', `${basename(file)} is not UTF-8; save it as CSV UTF-8 first`);
  }
  const paths = FILES.map((name) => join(folder, name));
  const there = paths.filter((path) => existsSync(path));
  if (there.length > 0 && !options.replace)
    throw new SluiceError('CONFIG_INVALID', `${there.join(', ')} is already there; --replace writes over it`);
  const own = importDictionary(basename(file), text, ours);
  const sheets = writeSourceCatalogue(own);
  mkdirSync(folder, { recursive: true });
  for (const [i, sheet] of [sheets.sourceTables, sheets.sourceColumns].entries()) writeFileSync(paths[i] ?? '', sheet);
  return {
    tables: own.sourceTables.size,
    columns: [...own.sourceFields.values()].reduce((sum, fields) => sum + fields.size, 0),
    written: paths,
    differences: compareCatalogues(ours, own),
  };
}
