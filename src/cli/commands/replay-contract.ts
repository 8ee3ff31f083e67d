import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Config } from '../../app/config.ts';
import { SluiceError } from '../../core/index.ts';

/** The configuration with another contract, where one is named. Throws CONFIG_INVALID. */
export function withContract(config: Config, migration: string, contract: string | undefined): Config {
  if (contract === undefined) return config;
  if (migration !== 'pas') throw new SluiceError('CONFIG_INVALID', '--contract is for pas');
  const found = statSync(contract, { throwIfNoEntry: false });
  if (!found) throw new SluiceError('CONFIG_INVALID', `there is no ${contract}`);
  return { ...config, pas: { ...config.pas, contract: found.isDirectory() ? contract : dirname(contract) } };
}
