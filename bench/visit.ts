import { fileURLToPath } from 'node:url';
import { copyFlow, type Migration } from '../src/core/index.ts';

/** The one table: the same columns at the source and at both targets. */
export const VISIT_SQL_FOLDER = fileURLToPath(new URL('./sql', import.meta.url));

export const TABLE = 'public.visit';

const visits = copyFlow({
  name: 'visits',
  table: TABLE,
  key: ['id'],
  target: 'bench.visit',
  columns: {
    id: 'bigint',
    patient_id: 'bigint',
    clinic: 'text',
    clinician: 'text',
    status: 'text',
    reason: 'text',
    note: 'text',
    phone: 'text',
    address: 'text',
    started_at: 'timestamptz',
    ended_at: 'timestamptz',
    price_cents: 'integer',
    urgent: 'boolean',
    version: 'integer',
    updated_at: 'timestamptz',
  },
});

/** One table to one table, unchanged: what the sink connector does. `name` is also the prefix of the topics. */
export const visitMigration = (name: string): Migration => ({
  name,
  tables: [{ name: TABLE, key: ['id'], links: {} }],
  flows: [visits],
  targetSchemas: ['bench'],
});
