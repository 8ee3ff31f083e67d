import { fileURLToPath } from 'node:url';
import type { Flow, Migration } from '../src/core/index.ts';

/** The one table: the same columns at the source and at both targets. */
export const VISIT_SQL_FOLDER = fileURLToPath(new URL('./sql', import.meta.url));

export const TABLE = 'public.visit';

const visits: Flow = {
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

/** One table to one table, unchanged: what the sink connector does. `name` is also the prefix of the topics. */
export const visitMigration = (name: string): Migration => ({
  name,
  tables: [{ name: TABLE, key: ['id'], links: {} }],
  flows: [visits],
  targetSchemas: ['bench'],
});
