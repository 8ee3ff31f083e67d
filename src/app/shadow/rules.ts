import { hash } from 'node:crypto';
import { codeHash } from '../code-hash.ts';
import type { Config } from '../config.ts';
import { loadHouseContract } from '../pas/house-contract.ts';

/** One hash over all that decides what documents of a migration are: code, settings and, of pas, contract and catalogue. */
export function rulesHash(
  { dos, namespace, base, files, pas }: Pick<Config, 'dos' | 'namespace' | 'base' | 'files' | 'pas'>,
  migration: string,
): string {
  const { testData, approvedOnly, orphanSeconds } = pas;
  const settings =
    migration === 'pas'
      ? [Object.entries(loadHouseContract(pas).hashes).sort(), testData, approvedOnly, orphanSeconds]
      : [Object.entries(dos).sort(), namespace ?? null, base ?? null, files ?? null];
  return hash('sha256', JSON.stringify([codeHash(['core', `migrations/${migration}`]), settings]));
}
