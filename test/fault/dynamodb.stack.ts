import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { endsAsUndisturbed, type Kills, trafficUntil } from '../support/dos-kills.ts';
import { differencesNow } from '../support/dos-oracle.ts';
import { standBetween } from '../support/dynamodb-between.ts';
import { type Items, openItems } from '../support/dynamodb-items.ts';
import { type Sampler, sampleServices } from '../support/monotone.ts';
import { recovers } from '../support/recovery.ts';
import { type Rig, startRig, type WorkerProcess } from '../support/rig.ts';

const trafficOn = async (rig: Rig, seconds: number): Promise<void> => {
  await trafficUntil(rig, 60, AbortSignal.timeout(seconds * 1000));
};

/** One place of landing, of deriving, and before and after each request; all of them: test/nightly/kill-dos.nightly.ts. */
const KILLS: Kills = {
  early: ['landed:6'],
  points: ['commit-sent:7', 'marks-deleted:4', 'request-sent:4', 'request-done:4'],
  random: 1,
};

describe('kill -9 of a worker that streams into DynamoDB', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig(inject('stack'), { migration: 'dos', rows: 30, seed: 81n });
  }, 120_000);
  afterAll(() => rig.close());

  it('at half-done places and at a random moment: the tables are those of an undisturbed run', async () => {
    await endsAsUndisturbed(rig, KILLS);
  }, 600_000);
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
    rig = await startRig(stack, { migration: 'dos', rows: 30, seed: 91n, variables });
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
      expect(await differencesNow(rig)).toEqual([]);
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
    // as long as it takes, however busy the machine
    const enough = new AbortController();
    const traffic = trafficUntil(rig, 60, enough.signal);
    try {
      await expect.poll(() => lost, { timeout: 45_000 }).toBeGreaterThan(5);
    } finally {
      enough.abort();
      await traffic;
    }
    await wellAgain('DynamoDB: carried out, not acknowledged', 45);
  }, 120_000);

  it('hangs up before anything is done', async () => {
    onWrites((nth, pass) => (nth % 2 === 0 ? Promise.resolve(null) : pass()));
    await trafficOn(rig, 3);
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
    const before = await perSecond(2);
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
