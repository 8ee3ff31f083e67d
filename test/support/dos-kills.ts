import { expect, inject } from 'vitest';
import { loadConfig } from '../../src/app/config.ts';
import { dynamoDbPlace, dynamoDbTables } from '../../src/app/dynamodb.ts';
import { openPipeline } from '../../src/app/pipeline.ts';
import { openProbes } from '../../src/app/probes.ts';
import { readPipeline } from '../../src/app/readings.ts';
import { judge } from '../../src/app/status.ts';
import { parseAddress, trafficDos } from '../../src/rehearsal/index.ts';
import { chance } from './chance.ts';
import { differencesNow, finalTables } from './dos-oracle.ts';
import { dropTables } from './dynamodb-items.ts';
import { recovers } from './recovery.ts';
import type { Rig } from './rig.ts';
import { urlOf } from './service-database.ts';

/** Where workers are ended, each as `point:passes` of crash-points.mjs. */
export interface Kills {
  /** while the snapshot is landed */
  readonly early: readonly string[];
  /** under traffic */
  readonly points: readonly string[];
  /** how many at random moments */
  readonly random: number;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export const trafficUntil = (rig: Rig, rate: number, signal: AbortSignal) =>
  trafficDos(parseAddress(rig.config.sourceUrl('dos')), { rate, seed: 3n, signal });

/** What was done to the workers, and what was held against one another in the end. */
export interface Ended {
  readonly kills: readonly { readonly when: string; readonly where: string; readonly seconds: number }[];
  readonly changes: number;
  readonly recoverySeconds: number;
  /** items that are the same in both tables */
  readonly items: number;
}

/** Ends one worker after the other, then holds the tables against those of a worker nobody ends. */
export async function endsAsUndisturbed(rig: Rig, { early, points, random }: Kills): Promise<Ended> {
  const kills: { when: string; where: string; seconds: number }[] = [];
  // one name, whose predecessor's lanes it has at once
  const endAt = async (when: string, point: string): Promise<void> => {
    const started = Date.now();
    const worker = rig.startWorker([], point, 'one');
    const patience = pause(150_000).then(() => 'not reached');
    const end = await Promise.race([worker.exited.then(() => worker.child.signalCode), patience]);
    expect(end, `${point}\n${worker.log().slice(-500)}`).toBe('SIGKILL');
    kills.push({ when, where: point.replace(':', ', pass '), seconds: (Date.now() - started) / 1000 });
  };
  for (const point of early) await endAt('snapshot', point);
  const first = rig.startWorker([], undefined, 'one');
  await rig.settled(90);
  first.child.kill('SIGKILL');
  // as long as it takes, however busy the machine
  const enough = new AbortController();
  const traffic = trafficUntil(rig, 20, enough.signal);
  traffic.catch(() => undefined);
  try {
    for (const point of points) await endAt('traffic', point);
    for (let seed = 1; seed <= random; seed += 1) {
      const worker = rig.startWorker([], undefined, 'one');
      const ms = 400 + Math.floor(chance(seed)() * 3_000);
      await pause(ms);
      worker.child.kill('SIGKILL');
      await worker.exited;
      kills.push({ when: 'traffic', where: `${ms} ms after its start`, seconds: ms / 1000 });
    }
  } finally {
    enough.abort();
  }
  const { changes } = await traffic;
  expect(changes).toBeGreaterThan(100);
  const resumed = Date.now();
  const last = rig.startWorker();
  await recovers('kill -9 while streaming into DynamoDB', 120, () => rig.settled(120));
  const recoverySeconds = (Date.now() - resumed) / 1000;
  expect(await differencesNow(rig)).toEqual([]);
  // what a rule says of a row is no fault of the worker
  expect(last.log().replace(/^.*"code":"DM_ETL_.*$/gm, '')).not.toMatch(/"level":50/);
  last.child.kill('SIGTERM');
  await last.exited;

  const disturbed = await finalTables(rig);
  const undisturbed = await undisturbedTables(rig);
  const differing = [...new Set([...disturbed.keys(), ...undisturbed.keys()])].filter(
    (name) => disturbed.get(name) !== undisturbed.get(name),
  );
  expect(disturbed.size).toBeGreaterThan(150);
  expect(differing).toEqual([]);
  return { kills, changes, recoverySeconds, items: disturbed.size };
}

/** The same topics once more from their beginning, by one worker nobody ends, into a ledger and tables of its own. */
async function undisturbedTables(rig: Rig): Promise<Map<string, string>> {
  const database = `${rig.config.prefix}calm`;
  const workspace = `${rig.config.dynamodb.workspace}-calm`;
  const calm = {
    ...rig.variables,
    SLUICE_SERVICES_URL: urlOf(inject('stack').postgres, database),
    SLUICE_WORKSPACE: workspace,
    SLUICE_WORKER: 'calm',
    SLUICE_CRASH_AT: '',
    // under a group of its own, whose members begin where the log does
    SLUICE_KAFKA_CLIENT: 'kafkajs',
  };
  await rig.source.query(`create database ${database}`);
  const config = loadConfig(inject('stack'), calm);
  const open = openPipeline(config, 'dos');
  const probes = await openProbes(config, 'dos');
  try {
    await open.admin.applySchemas(open.folders);
    await dynamoDbTables(config, 'dos').create();
    const worker = rig.startWorkerWith(calm);
    let quiet = 0;
    const isQuiet = async (): Promise<number> => {
      const { flows } = judge(open.name, await readPipeline(open, probes), null, 1);
      const isDone = flows.every(
        (flow) => flow.documents > 0 && flow.lagRecords === 0 && flow.toDerive + flow.toSend === 0,
      );
      quiet = flows.length > 0 && isDone ? quiet + 1 : 0;
      return quiet;
    };
    // a partition nobody has asked for yet owes nothing either, so it has to last
    await expect.poll(isQuiet, { timeout: 200_000, interval: 500 }).toBe(5);
    worker.child.kill('SIGTERM');
    await worker.exited;
    return await finalTables(rig, workspace);
  } finally {
    await probes.close();
    await open.close();
    await dropTables(dynamoDbPlace(config, 'dos'));
    await rig.source.query(`drop database ${database} with (force)`);
  }
}
