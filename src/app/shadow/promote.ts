import { type JsonObject, SluiceError } from '../../core/index.ts';
import { PostgresShadows, ShadowSwitch } from '../../sinks/postgres/index.ts';
import { systemClock } from '../clock.ts';
import type { Config } from '../config.ts';
import { openGaps } from '../gaps.ts';
import { createLog } from '../logger.ts';
import type { OpenPipeline } from '../pipeline.ts';
import { deriveAll, replayRange } from '../replay.ts';
import { readShadow } from './diff.ts';
import { rulesHash } from './rules.ts';
import { refuseUnfit } from './whole.ts';

export interface PromoteOptions {
  readonly by: string;
  /** tables are not switched: the live worker writes what differs, as it writes anything */
  readonly deliver: boolean;
  readonly onProgress: (stage: string) => void;
}

export interface Promoted {
  readonly shadow: string;
  /** schemas that changed places with those of the shadow */
  readonly switched: readonly string[];
  /** roots whose documents differ at targets that are not switched: marked, the live worker writes them */
  readonly marked: number;
  /** roots that are parked, or wait, are timed or have issues otherwise than in live: marked, the live worker settles them */
  readonly unsettled: number;
  /** records the shadow was behind by */
  readonly caughtUp: string;
}

const ATTEMPTS = 3;
const DRAIN_MS = 20_000;

/**
 * Makes a shadow live. At equal progress, proved under locks that hold landing and deriving back, the schemas change
 * places in one transaction; what goes to other servers is marked and delivered as anything is, and what is parked, waits
 * or is timed is marked and settled. The live workers must run the rules that the shadow was made by: what they derive next
 * is by theirs. Throws CONFIG_INVALID when the shadow is not whole or made by other rules, or a schema holds rows that no
 * replay makes; TARGET_BUSY without equal progress.
 */
export async function promoteShadow(config: Config, open: OpenPipeline, options: PromoteOptions): Promise<Promoted> {
  const record = await readShadow(open);
  refuseUnfit(open.name, record, rulesHash(config, open.migration.name.slice(config.prefix.length)));
  const halts = await open.ledger.halts();
  const live = await new ShadowSwitch(open.pool, open.migration, open.name, open.folders).halted();
  if (halts.length + live > 0)
    throw new SluiceError('CONFIG_INVALID', 'something is halted: nothing is promoted before `sluice status` is well');
  // a topic made anew begins at 0 and does not hold what was there: until everything was read anew, nor does the shadow
  const gaps = await openGaps({ ...open, name: open.migration.name }).list(true);
  if (gaps.length > 0)
    throw new SluiceError('CONFIG_INVALID', 'a gap is open: `sluice gaps ls`, `sluice recover`, then promote');
  const shadows = new PostgresShadows(open.pool, open.migration, open.name);
  const change = new ShadowSwitch(open.pool, open.migration, open.name, open.folders);
  const log = createLog({ level: 'warn' }, { pipeline: open.name });
  const hasTables = open.folders.length > 0 && !options.deliver;
  if (hasTables) await change.refuseForeignRows();
  let reached = record.reached;
  let records = 0n;
  const catchUp = async (to: ReadonlyMap<string, bigint>): Promise<void> => {
    options.onProgress('catching up');
    const topics = [...new Set([...reached.keys()].map((name) => name.slice(0, name.lastIndexOf('/'))))];
    const quiet = { rate: null, onProgress: () => undefined };
    const done = await replayRange(
      config,
      open,
      log,
      topics,
      quiet,
      async (topic, { partition, low }) => {
        const next = reached.get(`${topic}/${partition}`) ?? low;
        if (next < low)
          throw new SluiceError('CONFIG_INVALID', `${topic} has lost what ${open.name} had still to read`);
        return next;
      },
      to,
    );
    records += done.records;
    await deriveAll(open);
    reached = new Map([...reached, ...done.reached]);
    await shadows.filled({}, reached);
  };
  for (let attempt = 1; ; attempt += 1) {
    await catchUp(await change.progress());
    options.onProgress('waiting for equal progress');
    const until = systemClock.now() + DRAIN_MS;
    const done = await change.attempt({
      switches: hasTables,
      by: options.by,
      how: { deliver: options.deliver } satisfies JsonObject,
      reached: () => reached,
      catchUp,
      pause: async () => {
        await systemClock.sleep(200);
        return systemClock.now() < until;
      },
    });
    if (done) return { shadow: open.name, caughtUp: String(records), ...done };
    if (attempt === ATTEMPTS)
      throw new SluiceError('TARGET_BUSY', 'the live run and the shadow did not come to equal progress: try again');
    await systemClock.sleep(2_000);
  }
}
