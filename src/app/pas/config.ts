import type { PasConfig } from '../../migrations/pas/index.ts';
import type { Config } from '../config.ts';
import { loadHouseContract } from './house-contract.ts';

/** The contract that is streamed, read from its files. */
export function readPasConfig({ pas }: Pick<Config, 'pas'>): PasConfig {
  const { catalogue, contract } = loadHouseContract(pas);
  const { testData, approvedOnly, orphanSeconds } = pas;
  return { catalogue, contract, testData, approvedOnly, orphanSeconds };
}
