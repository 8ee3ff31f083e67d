import type { ChildProcess } from 'node:child_process';
import { type OpenReconcileParts, openParts } from '../../src/app/reconcile/parts.ts';
import { type Round, scanRound } from '../../src/app/reconcile/round.ts';
import { StreamEngine } from '../../src/app/reconcile/stream.ts';
import { openReader } from '../../src/app/wire.ts';
import { type Finding, silentLog } from '../../src/core/index.ts';
import type { Rig } from './rig.ts';

const never = new AbortController().signal;

/** Reconciliation of a rig, by the engines themselves. */
export interface Reconciling {
  readonly parts: OpenReconcileParts;
  /** one scan; of all flows unless some are named */
  scan(flows?: readonly string[]): Promise<Round>;
  /** findings that stand, but those of roots no rule can map: they are no divergence */
  told(): Promise<readonly Finding[]>;
  /** what is told, without times */
  found(): Promise<readonly { target: string; key: string; kind: string; path: string | undefined }[]>;
  /** Scans and looks at changes for as long as the traffic flows, a worker standing still in between; answers comparisons. */
  whileThereIs(traffic: readonly string[], worker: ChildProcess): Promise<{ scanned: number; streamed: number }>;
}

export const comparedIn = ({ flows }: Round): number =>
  [...flows.values()].reduce((sum, { compared }) => sum + compared, 0);

export async function reconcilingOf(rig: Rig): Promise<Reconciling> {
  const parts = await openParts(rig.config, rig.migration, rig.open, [], silentLog);
  const scan: Reconciling['scan'] = (flows) =>
    scanRound(parts, {
      flows: rig.open.migration.flows.filter(({ name }) => flows === undefined || flows.includes(name)),
      signal: never,
    });
  const told: Reconciling['told'] = async () =>
    (await parts.store.list({ states: ['confirmed', 'repaired'], limit: 1_000 })).filter(
      ({ kind }) => kind !== 'unmappable',
    );
  return {
    parts,
    scan,
    told,
    found: async () =>
      (await told()).map(({ target, key, kind, differences }) => ({ target, key, kind, path: differences[0]?.path })),
    async whileThereIs(traffic, worker) {
      const source = openReader(rig.config, rig.open.migration, `sluice.reconcile.${rig.open.name}`, silentLog);
      const stream = new StreamEngine(parts, source.client, source.decoder);
      await stream.start();
      let isOver = false;
      const done = rig.sluice('traffic', rig.migration, ...traffic, '--json').finally(() => {
        isOver = true;
      });
      worker.kill('SIGSTOP');
      const going = setTimeout(() => worker.kill('SIGCONT'), 2_000);
      let scanned = 0;
      try {
        while (!isOver) {
          await stream.round(never);
          scanned += comparedIn(await scan());
        }
      } finally {
        clearTimeout(going);
        worker.kill('SIGCONT');
      }
      const { code, err } = await done;
      if (code !== 0) throw new Error(`traffic: ${err}`);
      await rig.settled(120);
      for (let i = 0; i < 3; i++) await stream.round(never);
      await stream.close();
      return { scanned, streamed: stream.figures.compared };
    },
  };
}
