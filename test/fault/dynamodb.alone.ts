import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { loadConfig } from '../../src/app/config.ts';
import { dynamoDbPlace, dynamoDbTables } from '../../src/app/dynamodb.ts';
import { openPipeline } from '../../src/app/pipeline.ts';
import { openProbes } from '../../src/app/probes.ts';
import { readPipeline } from '../../src/app/readings.ts';
import { judge } from '../../src/app/status.ts';
import { parseAddress, trafficDos } from '../../src/rehearsal/index.ts';
import { chance } from '../support/chance.ts';
import { dosDifferences, finalTables } from '../support/dos-oracle.ts';
import { standBetween } from '../support/dynamodb-between.ts';
import { dropTables, type Items, openItems } from '../support/dynamodb-items.ts';
import { type Sampler, sampleServices } from '../support/monotone.ts';
import { recovers } from '../support/recovery.ts';
import { type Rig, startRig, type WorkerProcess } from '../support/rig.ts';
import { urlOf } from '../support/service-database.ts';
import { withoutPart } from '../support/without-part.ts';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const trafficUntil = (rig: Rig, signal: AbortSignal) =>
  trafficDos(parseAddress(rig.config.sourceUrl('dos')), { rate: 60, seed: 3n, signal });
const trafficOn = async (rig: Rig, seconds: number): Promise<void> => {
  await trafficUntil(rig, AbortSignal.timeout(seconds * 1000));
};

/** Where a worker is ended, and after how many passes of that place; the first while the snapshot is landed. */
const EARLY = ['progress-moved:4', 'landed:6', 'committed:11'] as const;
const POINTS = [
  'before-commit:9',
  'commit-sent:7',
  'derived:3',
  'intent-written:3',
  'marks-deleted:4',
  'request-sent:5',
  'request-done:6',
  'acknowledged:3',
] as const;

describe('kill -9 of a worker that streams into DynamoDB', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig(inject('stack'), { migration: 'dos', rows: 80, seed: 81n });
  }, 120_000);
  afterAll(() => rig.close());

  it('at every half-done place and at random moments: the tables are those of an undisturbed run', async () => {
    // one name, whose predecessor's lanes it has at once
    const endAt = async (point: string): Promise<void> => {
      const worker = rig.startWorker([], point, 'one');
      const patience = pause(60_000).then(() => 'not reached');
      const end = await Promise.race([worker.exited.then(() => worker.child.signalCode), patience]);
      expect(end, `${point}\n${worker.log().slice(-500)}`).toBe('SIGKILL');
    };
    for (const point of EARLY) await endAt(point);
    const first = rig.startWorker([], undefined, 'one');
    await rig.settled(90);
    first.child.kill('SIGKILL');
    // as long as it takes, however busy the machine
    const enough = new AbortController();
    const traffic = trafficUntil(rig, enough.signal);
    traffic.catch(() => undefined);
    try {
      for (const point of POINTS) await endAt(point);
      for (let seed = 1; seed <= 3; seed += 1) {
        const worker = rig.startWorker([], undefined, 'one');
        await pause(400 + Math.floor(chance(seed)() * 3_000));
        worker.child.kill('SIGKILL');
        await worker.exited;
      }
    } finally {
      enough.abort();
    }
    expect((await traffic).changes).toBeGreaterThan(500);
    const last = rig.startWorker();
    await recovers('kill -9 while streaming into DynamoDB', 120, () => rig.settled(120));
    expect(await dosDifferences(rig)).toEqual([]);
    // what a rule says of a row is no fault of the worker
    expect(last.log().replace(/^.*"code":"DM_ETL_.*$/gm, '')).not.toMatch(/"level":50/);
    last.child.kill('SIGTERM');
    await last.exited;

    const disturbed = await finalTables(rig);
    const undisturbed = await undisturbedTables();
    const differing = [...new Set([...disturbed.keys(), ...undisturbed.keys()])].filter(
      (name) => disturbed.get(name) !== undisturbed.get(name),
    );
    expect(disturbed.size).toBeGreaterThan(300);
    expect(differing).toEqual([]);
  }, 400_000);

  /** The same topics once more from their beginning, by one worker nobody ends, into a ledger and tables of its own. */
  async function undisturbedTables(): Promise<Map<string, string>> {
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
      await expect.poll(isQuiet, { timeout: 90_000, interval: 1_000 }).toBe(4);
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
});

describe('a DynamoDB that answers as no one would wish', () => {
  let between: Awaited<ReturnType<typeof standBetween>>;
  let meddle: Parameters<typeof standBetween>[1] = (_, pass) => pass();
  let rig: Rig;
  let worker: WorkerProcess;
  let items: Items;
  let sampler: Sampler;

  /** Applies a rule to the writes; reads and the probe pass. */
  const onWrites = (
    rule: (nth: number, pass: () => Promise<Response>, body: Buffer) => Promise<Response | null>,
  ): void => {
    let nth = 0;
    meddle = (operation, pass, body) => {
      if (!/TransactWriteItems|PutItem/.test(operation) || body.includes('sluice-probe-')) return pass();
      nth += 1;
      return rule(nth, pass, body);
    };
  };
  const refusal = (kind: string, more: object = {}): Response =>
    Response.json({ __type: `com.amazonaws.dynamodb.v20120810#${kind}`, ...more }, { status: 400 });

  beforeAll(async () => {
    const stack = inject('stack');
    between = await standBetween(stack.dynamodb, (operation, pass, body) => meddle(operation, pass, body));
    const variables = { SLUICE_DYNAMODB_URL: between.url };
    rig = await startRig(stack, { migration: 'dos', rows: 60, seed: 91n, variables });
    items = openItems({ ...rig.config, dynamodb: { ...rig.config.dynamodb, url: stack.dynamodb } });
    worker = rig.startWorker();
    await rig.settled(90);
    sampler = await sampleServices(rig);
  }, 180_000);
  // a test that fails leaves its fault to nobody
  afterEach(() => {
    meddle = (_, pass) => pass();
  });
  afterAll(async () => {
    await sampler?.stop();
    await rig.close();
    await between.close();
  });

  const wellAgain = async (fault: string, seconds: number): Promise<void> => {
    meddle = (_, pass) => pass();
    await sampler.still(async () => {
      await recovers(fault, seconds, () => rig.settled(seconds));
      expect(await dosDifferences(rig, seconds)).toEqual([]);
    });
    expect(sampler.wentBack).toEqual([]);
    const { halts } = await rig.status();
    expect(halts).toEqual([]);
    expect(await rig.open.admin.listParked({ kind: 'document' })).toEqual([]);
  };

  it('carries the write out, and nobody hears of it', async () => {
    let lost = 0;
    onWrites(async (nth, pass) => {
      const answer = await pass();
      if (nth % 3 !== 0) return answer;
      lost += 1;
      return nth % 2 === 0 ? null : Response.json({}, { status: 500 });
    });
    await trafficOn(rig, 6);
    expect(lost).toBeGreaterThan(5);
    await wellAgain('DynamoDB: carried out, not acknowledged', 45);
  }, 120_000);

  it('hangs up before anything is done', async () => {
    onWrites((nth, pass) => (nth % 2 === 0 ? Promise.resolve(null) : pass()));
    await trafficOn(rig, 5);
    await wellAgain('DynamoDB: cut connections', 45);
  }, 120_000);

  it('asks for less load, and gets less', async () => {
    const writes = (): number =>
      between.seen.filter((operation) => /TransactWriteItems|PutItem/.test(operation)).length;
    const perSecond = async (seconds: number): Promise<number> => {
      const from = writes();
      await trafficOn(rig, seconds);
      return (writes() - from) / seconds;
    };
    const before = await perSecond(3);
    const throttled = { CancellationReasons: [{ Code: 'ThrottlingError' }] };
    onWrites(async (nth) =>
      nth % 2 === 0
        ? refusal('ProvisionedThroughputExceededException')
        : refusal('TransactionCanceledException', throttled),
    );
    await trafficOn(rig, 1);
    const during = await perSecond(4);
    console.log(`${before.toFixed(1)} writes a second before, ${during.toFixed(1)} while asked for less`);
    // sixteen requests of a batch can be under way when the first is refused; then comes a second's rest. What is
    // counted begins and ends a little outside of the four seconds.
    expect(during).toBeLessThan(25);
    await wellAgain('DynamoDB: throttled', 45);
  }, 120_000);

  it('refuses a condition: what somebody else wrote stays and is asked about, and the others go on', async () => {
    const [made] = (
      await rig.source.query<{ id: number }>(
        `insert into pathwaysdos.services (uid, name, odscode, typeid, statusid)
         values ('uid-foreign', 'PCN: theirs', 'U77777', 152, 2) returning id`,
      )
    ).rows;
    const id = Number(made?.id);
    const state = { source_record_id: { S: `services#${id}` }, version: { N: '7' } };
    await items.put('data-migration-state', state);
    await rig.source.query('update pathwaysdos.services set statusid = 1 where id = $1', [id]);
    await expect
      .poll(async () => (await rig.open.admin.listParked({ kind: 'document' })).map(({ code }) => code).sort(), {
        timeout: 20_000,
      })
      .toEqual(['FOREIGN_WRITER', 'FOREIGN_WRITER']);
    expect(await items.get('data-migration-state', { source_record_id: `services#${id}` })).toMatchObject({
      version: 7,
    });
    const services = await items.all('healthcare-service');
    expect(services.filter(({ identifier_oldDoS_uid: uid }) => uid === 'uid-foreign')).toEqual([]);
    const before = sampler.advances();
    await expect.poll(() => sampler.advances(), { timeout: 10_000 }).toBeGreaterThan(before);

    await items.client.call('DeleteItem', {
      TableName: items.named('data-migration-state'),
      Key: { source_record_id: state.source_record_id },
    });
    const retried = await rig.sluice('parked', 'retry', 'dos', '--code', 'FOREIGN_WRITER', '--json');
    expect(retried.code, retried.err).toBe(0);
    await wellAgain('DynamoDB: a foreign writer', 45);
    expect(await items.get('data-migration-state', { source_record_id: `services#${id}` })).toMatchObject({
      version: 1,
    });
  }, 120_000);

  it('hears a write after its sender was replaced, and refuses it', async () => {
    const [row] = (
      await rig.source.query<{ id: number }>(
        `insert into pathwaysdos.services (uid, name, odscode, typeid, statusid)
         values ('uid-late', 'PCN: late', 'U88888', 152, 1) returning id`,
      )
    ).rows;
    await sampler.still(() => rig.settled(60));
    const say = (web: string) =>
      rig.source.query('update pathwaysdos.services set web = $1 where id = $2', [web, row?.id]);
    const stored = async () =>
      (await items.all('healthcare-service')).find((item) => item.identifier_oldDoS_uid === 'uid-late');
    let late: (() => Promise<Response>) | null = null;
    onWrites((_, pass, body) => {
      if (late !== null || !body.includes('said-by-the-late-one')) return pass();
      late = pass;
      return new Promise(() => undefined);
    });
    await say('said-by-the-late-one');
    await expect.poll(() => late !== null, { timeout: 15_000 }).toBe(true);
    worker.child.kill('SIGSTOP');
    const second = rig.startWorker();
    try {
      await say('said-later');
      await expect
        .poll(async () => JSON.stringify((await stored())?.telecom), { timeout: 120_000 })
        .toContain('said-later');
      const before = await stored();
      const answer = await (late as unknown as () => Promise<Response>)();
      expect(((await answer.json()) as { __type: string }).__type).toMatch(/TransactionCanceledException$/);
      expect(await stored()).toEqual(before);
    } finally {
      worker.child.kill('SIGCONT');
    }
    await wellAgain('DynamoDB: a late write of a worker that slept', 90);
    second.child.kill('SIGTERM');
    expect(await second.exited).toBe(0);
  }, 240_000);

  it('ends and comes back', async () => {
    await withoutPart('dynamodb', () => trafficOn(rig, 4));
    await wellAgain('DynamoDB killed', 90);
  }, 180_000);

  it('refuses the credentials: the flow stops, says so, and goes on when told to', async () => {
    onWrites(async () => refusal('UnrecognizedClientException'));
    await trafficOn(rig, 1);
    await expect
      .poll(async () => (await rig.status()).halts.map(({ code }) => code), { timeout: 20_000 })
      .toEqual(['UNAUTHORISED']);
    meddle = (_, pass) => pass();
    expect((await rig.sluice('resume', 'dos', '--json')).code).toBe(0);
    await wellAgain('DynamoDB: credentials refused', 60);
  }, 120_000);

  it('no read of an item went back in time, and none showed a document behind its state', async () => {
    await sampler.stop();
    expect(sampler.wentBack).toEqual([]);
    expect(sampler.advances()).toBeGreaterThan(100);
    expect(worker.child.exitCode).toBeNull();
  });
});
