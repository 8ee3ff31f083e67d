import { STAGING_SCHEMA, stagingDdl, stagingTables } from '../../../migrations/pas/index.ts';
import type { Staging } from '../../../rehearsal/index.ts';
import { loadHouseContract } from '../house-contract.ts';

/** The staging tables our contract reads, for seeds and traffic. */
export function rehearsalStaging(): Staging {
  const { catalogue, contract } = loadHouseContract();
  const tables = stagingTables(contract, catalogue);
  const known = new Map(tables.map((table) => [table.name, table]));
  return {
    tables,
    ddl({ name }, columns) {
      const table = known.get(name);
      return table ? stagingDdl(table, STAGING_SCHEMA, columns) : [];
    },
  };
}
