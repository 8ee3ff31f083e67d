import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type OpenReconcileParts, openParts } from '../../src/app/reconcile/parts.ts';
import { scanRound } from '../../src/app/reconcile/round.ts';
import { readEngines, startReconcile } from '../../src/app/reconcile/run.ts';
import { silentLog } from '../../src/core/index.ts';
import { passingFigures } from '../support/gate-figures.ts';
import { type Rig, startRig, type WorkerProcess } from '../support/rig.ts';

let rig: Rig;
let parts: OpenReconcileParts;
let worker: WorkerProcess;

beforeAll(async () => {
  rig = await startRig(inject('stack'), { rows: 20, seed: 17n, clean: true });
  worker = rig.startWorker();
  parts = await openParts(rig.config, 'supabase', rig.open, [], silentLog);
  await rig.settled(120);
}, 180_000);
afterAll(async () => {
  await parts?.close();
  await rig.close();
});

const GATE = 'write-strangler';
const CLAUSE = 'DIVERGENCE_UNDER_HALF_PERCENT';

/** As the worker shows it: 1 passes, 0 fails, -1 has no evidence. */
async function clause(): Promise<string | undefined> {
  const page = await (await fetch(`http://127.0.0.1:${worker.port}/metrics`)).text();
  return new RegExp(`^sluice_gate_clause\\{[^}]*gate="${GATE}",clause="${CLAUSE}"[^}]*\\} (\\S+)$`, 'm').exec(
    page,
  )?.[1];
}

describe('a gate that rests on what reconciliation measures', () => {
  const { signal } = new AbortController();

  it('passes while the truth holds, and fails within a minute when it does not', async () => {
    const flows = rig.open.migration.flows;
    // the day before was right; from now on it is measured
    const figures = { migration: rig.open.migration.name, flows: flows.map(({ name }) => name) };
    await passingFigures(rig.open.pool, GATE, { ...figures, until: Date.now() - 60_000 });
    await scanRound(parts, { flows, signal });
    // what capture cannot tell is known and accepted (docs/supabase.md)
    for (const { id, target } of await parts.store.list({ states: ['confirmed'], limit: 100 }))
      if (target === 'source:public.lab_orders') await parts.store.accept(id, 'A N Other', 'known');
    await rig.open.pool.query("delete from sluice.measurement where figure like 'reconcile.%' and source <> 'test'");
    await scanRound(parts, { flows, signal });
    await expect.poll(clause, { timeout: 60_000, interval: 500 }).toBe('1');
    const running = await startReconcile(rig.config, {
      migration: 'supabase',
      flows: [],
      without: [],
      engines: readEngines('scan'),
      everySeconds: 2,
      digestEverySeconds: 60,
      repair: 'never',
      port: 0,
    });
    try {
      const planted = Date.now();
      await rig.open.pool.query('delete from partnerops.label_queue');
      await expect.poll(clause, { timeout: 60_000, interval: 250 }).toBe('0');
      console.log(`the clause fell ${((Date.now() - planted) / 1000).toFixed(1)} s after the rows had gone`);
    } finally {
      await running.stop();
    }
  }, 240_000);
});
