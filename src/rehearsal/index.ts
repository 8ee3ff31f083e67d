/** Seeds and traffic that make a source database look used. Rehearsal only: nothing here may meet a real patient's row. */
export { parseAddress, type SourceAddress } from './database.ts';
export { progressLine } from './progress-line.ts';
export { type SeedReport, seedSupabase } from './supabase/seed.ts';
export { DEFAULT_DIRTY, DIRTY_KINDS } from './supabase/shares.ts';
export { type TrafficProgress, type TrafficReport, trafficSupabase } from './supabase/traffic/traffic.ts';
