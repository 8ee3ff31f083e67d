import type { Migration } from '../../core/index.ts';
import { DEFAULTS, type DosConfig } from './config.ts';
import { servicesFlow } from './services/flow.ts';
import { TABLES } from './tables.ts';

/** The Directory of Services, to the tables of the service finder and FHIR R4. */
export function dos(options: Partial<DosConfig> = {}): Migration {
  const config = { ...DEFAULTS, ...options };
  return { name: 'dos', tables: TABLES, flows: [servicesFlow(config)], targetSchemas: [] };
}
