import { SluiceError } from '../../core/index.ts';
import { chanceOf } from '../chance.ts';
import { codeOf, explain, openPool, type SourceAddress } from '../database.ts';
import { requireRehearsal } from '../guard.ts';
import { LANES, runTraffic, type TrafficOptions, type TrafficReport } from '../traffic/run.ts';
import { type Desk, MOVES } from './moves.ts';

/** Writes to a Directory of Services as its editors would, until the time is up or the signal comes. */
export async function trafficDos(address: SourceAddress, options: TrafficOptions): Promise<TrafficReport> {
  const lanes = openPool(address, LANES);
  try {
    const client = await lanes.connect();
    try {
      await requireRehearsal(client, address, 'pathwaysdos.services');
      await client.query('select from pathwaysdos.services limit 1');
    } finally {
      client.release();
    }
    const { seed } = options;
    // the same seed used again must not do the very same again
    const run = Date.now();
    const deskOf: (client: Desk['client'], step: number) => Desk = (lane, step) => ({
      client: lane,
      chance: chanceOf(seed, 'step', run, step),
      seed,
    });
    return await runTraffic(MOVES, { lanes, deskOf }, options);
  } catch (error) {
    if (codeOf(error) === '42P01')
      throw new SluiceError('CONFIG_INVALID', `"${address.database}" has no source tables; run \`sluice seed dos\``);
    throw explain(error, address);
  } finally {
    await lanes.end();
  }
}
