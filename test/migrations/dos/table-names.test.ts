import { expect, it } from 'vitest';
import { TABLE_TARGETS, tableName } from '../../../src/migrations/dos/index.ts';

it('tables are named by environment, workspace and whether they are of the database', () => {
  const names = Object.values(TABLE_TARGETS).map(({ table }) => tableName(table, 'dev', 'blue'));
  expect(names).toEqual([
    'ftrs-dos-dev-database-organisation-blue',
    'ftrs-dos-dev-database-location-blue',
    'ftrs-dos-dev-database-healthcare-service-blue',
    'ftrs-dos-dev-database-triage-code-blue',
    'ftrs-dos-dev-data-migration-state-blue',
    'ftrs-dos-dev-database-version-history-blue',
  ]);
  expect(tableName('data-migration-state', 'prod')).toBe('ftrs-dos-prod-data-migration-state');
});
