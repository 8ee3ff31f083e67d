import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { trafficUntil } from '../support/dos-kills.ts';
import { differencesNow } from '../support/dos-oracle.ts';
import { recovers } from '../support/recovery.ts';
import { type Rig, startRig, type WorkerProcess } from '../support/rig.ts';
import { withoutPart } from '../support/without-part.ts';

describe('a DynamoDB that is killed', () => {
  let rig: Rig;
  let worker: WorkerProcess;
  beforeAll(async () => {
    rig = await startRig(inject('stack'), { migration: 'dos', rows: 20, seed: 92n });
    worker = rig.startWorker();
    await rig.settled(90);
  }, 180_000);
  afterAll(() => rig.close());

  it('comes back, and everything goes on by itself', async () => {
    await withoutPart('dynamodb', async () => void (await trafficUntil(rig, 60, AbortSignal.timeout(3_000))));
    await recovers('DynamoDB killed', 90, () => rig.settled(90));
    expect(await differencesNow(rig)).toEqual([]);
    const { halts } = await rig.status();
    expect(halts).toEqual([]);
    expect(await rig.open.admin.listParked({ kind: 'document' })).toEqual([]);
    expect(worker.child.exitCode).toBeNull();
  }, 180_000);
});
