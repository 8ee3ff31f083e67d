import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Catalogue } from '../../../src/migrations/pas/catalogue/model.ts';
import { type CatalogueTexts, readCatalogue } from '../../../src/migrations/pas/catalogue/read.ts';
import { type ContractTexts, type ReadContract, readContract } from '../../../src/migrations/pas/contract/read.ts';

const DATA = fileURLToPath(new URL('../../../src/migrations/pas/data/', import.meta.url));
const text = (path: string): string => readFileSync(`${DATA}${path}`, 'utf8');

const texts = (folder: string, ending: string): Map<string, string> =>
  new Map(
    readdirSync(`${DATA}${folder}`)
      .filter((name) => name.endsWith(ending))
      .map((name) => [name, text(`${folder}/${name}`)]),
  );

const catalogueTexts = (): CatalogueTexts => ({
  sourceTables: text('catalogue/source-tables.csv'),
  sourceColumns: text('catalogue/source-columns.csv'),
  targetColumns: text('catalogue/target-columns.csv'),
});

const contractTexts = (): ContractTexts => ({
  contract: text('contract/contract.yaml'),
  plans: texts('contract/plans', '.yaml'),
  fields: texts('contract/fields', '.csv'),
  crosswalks: text('contract/crosswalks/index.yaml'),
  codes: texts('contract/crosswalks', '.csv'),
});

export const shipped = (): { catalogue: Catalogue; contract: ReadContract } => ({
  catalogue: readCatalogue(catalogueTexts()),
  contract: readContract(contractTexts()),
});

/** One change to one file: the text `was`, which must be there, becomes `now`. */
export interface Change {
  readonly file: string;
  readonly was: string;
  readonly now: string;
}

/** The shipped contract with one thing changed in its files. */
export function changed({ file, was, now }: Change): ReadContract {
  const all = contractTexts();
  let hits = 0;
  const change = (name: string, content: string): string => {
    if (name !== file) return content;
    if (!content.includes(was)) throw new Error(`${file} no longer says ${was}`);
    hits++;
    return content.replace(was, () => now);
  };
  const map = (folder: string, files: ReadonlyMap<string, string>): Map<string, string> =>
    new Map([...files].map(([name, content]) => [name, change(`${folder}/${name}`, content)]));
  const made = readContract({
    contract: change('contract.yaml', all.contract),
    plans: map('plans', all.plans),
    fields: map('fields', all.fields),
    crosswalks: change('crosswalks/index.yaml', all.crosswalks),
    codes: map('crosswalks', all.codes),
  });
  if (hits !== 1) throw new Error(`${file} is no file of the contract`);
  return made;
}

export const correctionsText = (): string => text('catalogue/corrections.csv');
