import { type Migration, SluiceError } from '../core/index.ts';
import { type DosConfig, dos } from './dos/index.ts';
import { type PasConfig, pasMigration } from './pas/index.ts';
import { type SupabaseConfig, supabase } from './supabase/index.ts';

export { BundleRenderer, type ChangeFacts } from './supabase/index.ts';

/** What a deployment may set of any migration; each has its own defaults. */
export type MigrationOptions = Partial<SupabaseConfig & DosConfig> & { readonly pas?: PasConfig };

/** The one list of migrations. A new one is a folder and a line here. */
const MIGRATIONS: Readonly<Record<string, (options: MigrationOptions) => Migration>> = {
  supabase,
  dos,
  pas,
};

/** Its contract is files, which somebody has to read for it. */
function pas({ pas: config }: MigrationOptions): Migration {
  if (!config) throw new SluiceError('CONFIG_INVALID', 'the contract of pas was not read');
  return pasMigration(config);
}

export const migrationNames: readonly string[] = Object.keys(MIGRATIONS);

/** The declaration of that name, or undefined when there is none. */
export function migrationNamed(name: string, options: MigrationOptions = {}): Migration | undefined {
  return Object.hasOwn(MIGRATIONS, name) ? MIGRATIONS[name]?.(options) : undefined;
}
