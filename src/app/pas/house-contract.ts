import { hash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SluiceError } from '../../core/index.ts';
import { type Catalogue, type ReadContract, readCatalogue, readContract } from '../../migrations/pas/index.ts';

const DATA = fileURLToPath(new URL('../../migrations/pas/data', import.meta.url));
const CATALOGUE = join(DATA, 'catalogue');

/** Folders laid out as data/catalogue and data/contract; ours where none is named. */
export interface ContractPlace {
  readonly catalogue?: string | undefined;
  readonly contract?: string | undefined;
}

/** Dictionaries and contract, each with the hash of the files it was read from. */
export interface HouseContract {
  readonly catalogue: Catalogue;
  readonly contract: ReadContract;
  readonly hashes: { readonly catalogue: string; readonly contract: string; readonly crosswalks: string };
}

const sha256 = (texts: readonly string[]): string => hash('sha256', texts.join('\u001e'));

function textsOf(folder: string): Map<string, string> {
  if (!existsSync(folder)) throw new SluiceError('CONFIG_INVALID', `there is no folder ${folder}`);
  const names = readdirSync(folder).sort();
  return new Map(
    names.filter((name) => name.includes('.')).map((name) => [name, readFileSync(join(folder, name), 'utf8')]),
  );
}

/** A hospital's own catalogue may leave the target to us: it is the same everywhere. */
function catalogueTexts(folder: string | undefined): Map<string, string> {
  const ours = textsOf(CATALOGUE);
  return folder === undefined ? ours : new Map([...ours, ...textsOf(folder)]);
}

export function loadHouseContract(place: ContractPlace = {}): HouseContract {
  const dictionaries = catalogueTexts(place.catalogue);
  const text = (texts: ReadonlyMap<string, string>, name: string): string => texts.get(name) ?? '';
  const catalogue = readCatalogue({
    sourceTables: text(dictionaries, 'source-tables.csv'),
    sourceColumns: text(dictionaries, 'source-columns.csv'),
    targetColumns: text(dictionaries, 'target-columns.csv'),
  });
  const root = place.contract ?? join(DATA, 'contract');
  const head = textsOf(root);
  const plans = textsOf(join(root, 'plans'));
  const fields = textsOf(join(root, 'fields'));
  const crosswalks = textsOf(join(root, 'crosswalks'));
  const codes = new Map([...crosswalks].filter(([name]) => name.endsWith('.csv')));
  const contract = readContract({
    contract: text(head, 'contract.yaml'),
    plans,
    fields,
    crosswalks: text(crosswalks, 'index.yaml'),
    codes,
  });
  return {
    catalogue,
    contract,
    hashes: {
      catalogue: sha256([...dictionaries.values()]),
      contract: sha256([...head.values(), ...plans.values(), ...fields.values()]),
      crosswalks: sha256([...crosswalks.values()]),
    },
  };
}

/** What was corrected in the dictionaries, as corrections.csv has it. */
export const loadCorrections = (): string => readFileSync(join(CATALOGUE, 'corrections.csv'), 'utf8');
