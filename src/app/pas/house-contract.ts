import { hash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Catalogue, type Contract, readCatalogue, readContract } from '../../migrations/pas/index.ts';

const DATA = fileURLToPath(new URL('../../migrations/pas/data', import.meta.url));

/** The product's own dictionaries and contract, each with the hash of the files it was read from. */
export interface HouseContract {
  readonly catalogue: Catalogue;
  readonly contract: Contract;
  readonly hashes: { readonly catalogue: string; readonly contract: string; readonly crosswalks: string };
}

const sha256 = (texts: readonly string[]): string => hash('sha256', texts.join('\u001e'));

function textsOf(folder: string): Map<string, string> {
  const names = readdirSync(join(DATA, folder)).sort();
  return new Map(
    names.filter((name) => name.includes('.')).map((name) => [name, readFileSync(join(DATA, folder, name), 'utf8')]),
  );
}

export function loadHouseContract(): HouseContract {
  const dictionaries = textsOf('catalogue');
  const text = (texts: ReadonlyMap<string, string>, name: string): string => texts.get(name) ?? '';
  const catalogue = readCatalogue({
    sourceTables: text(dictionaries, 'source-tables.csv'),
    sourceColumns: text(dictionaries, 'source-columns.csv'),
    targetColumns: text(dictionaries, 'target-columns.csv'),
  });
  const head = textsOf('contract');
  const plans = textsOf('contract/plans');
  const fields = textsOf('contract/fields');
  const crosswalks = textsOf('contract/crosswalks');
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
