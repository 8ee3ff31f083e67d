import { SluiceError } from '../../core/index.ts';
import { chanceOf } from '../chance.ts';
import { codeOf, explain, openPool, type SourceAddress } from '../database.ts';
import { requireRehearsal } from '../guard.ts';
import { LANES, runTraffic, type TrafficOptions, type TrafficReport } from '../traffic/run.ts';
import type { Desk } from './desk.ts';
import { MOVES } from './moves.ts';
import { SCHEMA, type Staging } from './staged.ts';

/** Numbers of traffic: above those a seed gives, below those it gives to merged patients. */
const FIRST_OF_TRAFFIC = 300_000_000;

/** Writes to V83's staging tables as its users would, until the time is up or the signal comes. */
export async function trafficPas(
  address: SourceAddress,
  { tables }: Staging,
  options: TrafficOptions,
): Promise<TrafficReport> {
  const lanes = openPool(address, LANES);
  try {
    const client = await lanes.connect();
    let patients = 1;
    try {
      await requireRehearsal(client, address, 'v83.patdata');
      const found = await client.query<{ patients: number }>(
        `select count(*)::int as patients from ${SCHEMA}.patdata where length(internalpatientnumber) = 6`,
      );
      patients = Math.max(1, found.rows[0]?.patients ?? 1);
    } finally {
      client.release();
    }
    const having = (names: readonly string[]) =>
      tables.flatMap(({ name, columns }) => {
        const column = names.find((one) => columns.includes(one));
        return column === undefined ? [] : [{ table: name, column }];
      });
    const byName = new Map(tables.map((table) => [table.name, table]));
    // the same seed used again must not do the very same again
    const run = Date.now();
    let given = FIRST_OF_TRAFFIC + (Math.floor(run / 1000) % 5_000_000) * 100;
    const shared = {
      tables: byName,
      marks: having(['mfrecstsind', 'deleted']),
      patientTables: having(['internalpatientnumber', 'intpatno']),
      patients,
      fresh: () => ++given,
    };
    const deskOf = (lane: Desk['client'], step: number): Desk => ({
      ...shared,
      client: lane,
      chance: chanceOf(options.seed, 'step', run, step),
    });
    return await runTraffic(MOVES, { lanes, deskOf }, options);
  } catch (error) {
    if (codeOf(error) === '42P01')
      throw new SluiceError('CONFIG_INVALID', `"${address.database}" has no staging tables; run \`sluice seed pas\``);
    throw explain(error, address);
  } finally {
    await lanes.end();
  }
}
