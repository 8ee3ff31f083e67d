/** Seeds and traffic that make a source database look used. Rehearsal only: nothing here may meet a real patient's row. */
export { parseAddress, type SourceAddress } from './database.ts';
export { seedDos } from './dos/seed.ts';
export { trafficDos } from './dos/traffic.ts';
export { generatePas, type PasSeed } from './pas/generate.ts';
export { seedPas } from './pas/seed.ts';
export type { Staging } from './pas/staged.ts';
export { trafficPas } from './pas/traffic.ts';
export { progressLine } from './progress-line.ts';
export type { SeedOptions, SeedReport } from './seed-report.ts';
export { seedSupabase } from './supabase/seed.ts';
export { DEFAULT_DIRTY, DIRTY_KINDS } from './supabase/shares.ts';
export { trafficSupabase } from './supabase/traffic/traffic.ts';
export type { TrafficOptions, TrafficProgress, TrafficReport } from './traffic/run.ts';
