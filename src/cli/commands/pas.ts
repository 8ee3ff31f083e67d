import type { Command } from 'commander';
import { registerPasCatalogueCommands } from './pas-catalogue.ts';
import { registerPasContractCommands } from './pas-contract.ts';
import { registerPasLoadCommand } from './pas-load.ts';
import { registerPasResultCommands } from './pas-results.ts';
import { registerPasRunCommands } from './pas-run.ts';
import { registerPasSourceCommands } from './pas-source.ts';

export function registerPasCommands(program: Command): void {
  const pas = program.command('pas').description('patient administration: V83 to 18.4 by a mapping contract');
  registerPasCatalogueCommands(pas);
  registerPasContractCommands(pas);
  registerPasRunCommands(pas);
  registerPasResultCommands(pas);
  registerPasLoadCommand(pas);
  registerPasSourceCommands(pas);
}
