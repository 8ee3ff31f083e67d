import { fileURLToPath } from 'node:url';
import { copyFlow, type Flow, type Migration } from '../src/core/index.ts';

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

/** The same by way of landed rows, marks and documents: the way of every flow that joins or has a rule. */
const landedVisits: Flow = {
  name: 'visits',
  root: { table: TABLE },
  parts: [],
  targets: [{ kind: 'postgres', name: 'bench.visit', key: ['id'], mode: 'state' }],
  transform: ({ key, root }) => {
    // the sink connector deletes what was deleted, so ours does
    if (!root || root.deleted) return { documents: [], issues: [] };
    return { documents: [{ target: 'bench.visit', id: key, content: root.image }], issues: [] };
  },
};

export type Way = 'copied' | 'landed';

/** One table to one table, unchanged: what the sink connector does. `name` is also the prefix of the topics. */
export const visitMigration = (name: string, way: Way): Migration => ({
  name,
  tables: [{ name: TABLE, key: ['id'], links: {} }],
  flows: [way === 'copied' ? visits : landedVisits],
  targetSchemas: ['bench'],
});
