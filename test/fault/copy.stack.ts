import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import kafkajs from 'kafkajs';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { HEARTBEAT_TABLE } from '../../src/app/readings.ts';
import { type Image, type Migration, topicOf } from '../../src/core/index.ts';
import { chance } from '../support/chance.ts';
import { asRecord, COPIED_SQL, COPIED_TABLE, COPY, type ThingChange, thing, thingFlow } from '../support/copied.ts';
import { type ServiceDatabase, serviceDatabase } from '../support/service-database.ts';

const WORKER = fileURLToPath(new URL('../support/copy-worker.mjs', import.meta.url));
const CRASH_POINTS = new URL('../support/crash-points.mjs', import.meta.url).href;
const POINTS = ['fetched:5', 'progress-moved:7', 'before-commit:4', 'commit-sent:6', 'committed:9', 'kafka-commit:1'];
const IDS = 400;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A source of changes that are legal, sent in commit order and partly once more, as after a crash of Connect. */
class History {
  readonly rows = new Map<number, Image>();
  readonly #random = chance(5);
  readonly #sent: ThingChange[] = [];
  #b = 1_000n;

  next(): ThingChange {
    if (this.#sent.length > 50 && this.#random() < 0.15)
      return this.#sent[Math.floor(this.#random() * this.#sent.length)] as ThingChange;
    const id = 1 + Math.floor(this.#random() * IDS);
    this.#b += 10n;
    const b = this.#b;
    const isThere = this.rows.has(id);
    const change: ThingChange =
      isThere && this.#random() < 0.1
        ? { op: 'd', id, b }
        : { op: isThere ? 'u' : 'c', id, b, after: thing(id, { name: `at ${b}` }) };
    if (change.after) this.rows.set(id, change.after);
    else this.rows.delete(id);
    this.#sent.push(change);
    return change;
  }
}

describe('a copied table under kill -9', () => {
  const name = `t${randomBytes(4).toString('hex')}copied`;
  const migration: Migration = {
    name,
    tables: [{ name: COPIED_TABLE, key: ['id'], links: {} }],
    flows: [thingFlow],
    targetSchemas: [],
  };
  const topic = topicOf(name, COPIED_TABLE);
  const heartbeat = topicOf(name, HEARTBEAT_TABLE);
  const children = new Set<ChildProcess>();
  let db: ServiceDatabase;
  let kafka: kafkajs.Kafka;
  let producer: kafkajs.Producer;
  const history = new History();

  beforeAll(async () => {
    const stack = inject('stack');
    db = await serviceDatabase(stack.postgres, migration, { copied: COPIED_SQL });
    kafka = new kafkajs.Kafka({ brokers: [...stack.kafka], logLevel: kafkajs.logLevel.NOTHING });
    const admin = kafka.admin();
    await admin.createTopics({ topics: [{ topic, numPartitions: 4 }, { topic: heartbeat }], waitForLeaders: true });
    await admin.disconnect();
    producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
    await producer.connect();
  });
  afterAll(async () => {
    for (const child of children) {
      child.kill('SIGCONT');
      child.kill('SIGKILL');
    }
    await producer.disconnect();
    const admin = kafka.admin();
    await admin.deleteTopics({ topics: [topic, heartbeat] });
    await admin.disconnect();
    await db.close();
  });

  const send = async (count: number): Promise<void> => {
    const messages = Array.from({ length: count }, () => {
      const { key, value, headers } = asRecord(history.next(), 0n);
      return { key, value, headers };
    });
    await producer.send({ topic, messages });
  };
  const start = (crashAt = 'none'): ChildProcess => {
    const { kafka: brokers, registry } = inject('stack');
    const call = JSON.stringify({ name, servicesUrl: db.url, kafka: brokers, registry, copy: COPY });
    const child = spawn(process.execPath, ['--import', CRASH_POINTS, WORKER, call], {
      env: { ...process.env, SLUICE_CRASH_AT: crashAt },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    children.add(child);
    child.once('exit', () => children.delete(child));
    return child;
  };
  const ended = (child: ChildProcess): Promise<string | null> =>
    new Promise((resolve) => {
      if (child.exitCode !== null || child.signalCode !== null) resolve(child.signalCode);
      else child.once('exit', (_, signal) => resolve(signal));
    });
  const held = async (): Promise<Map<number, string>> => {
    const { rows } = await db.pool.query<{ id: string; label: string }>('select id, label from copied.thing');
    return new Map(rows.map(({ id, label }) => [Number(id), label]));
  };

  it('holds what the source holds, and no sampled row ever went back', async () => {
    let isOver = false;
    const traffic = (async () => {
      for (; !isOver; await pause(40)) await send(60);
    })();
    const seen = new Map<number, bigint>();
    const back: number[] = [];
    const sampler = (async () => {
      for (; !isOver; await pause(50)) {
        for (const [id, label] of await held()) {
          const b = BigInt(label.slice(3));
          if (b < (seen.get(id) ?? 0n)) back.push(id);
          seen.set(id, b);
        }
      }
    })();
    for (const point of POINTS) {
      const patience = pause(20_000).then(() => 'not reached');
      expect(await Promise.race([ended(start(point)), patience]), point).toBe('SIGKILL');
    }
    // asleep with work in its hands, replaced, and awake again
    const sleeper = start();
    await pause(1_500);
    sleeper.kill('SIGSTOP');
    const other = start();
    await pause(2_500);
    sleeper.kill('SIGCONT');
    await pause(1_500);
    isOver = true;
    await Promise.all([traffic, sampler]);
    for (const child of [sleeper, other]) child.kill('SIGKILL');
    const last = start();
    // for this one: the others may have landed all there was
    await send(60);
    const wanted = new Map([...history.rows].map(([id, { name: label }]) => [id, String(label)]));
    const until = Date.now() + 30_000;
    let found = await held();
    while (
      Date.now() < until &&
      (found.size !== wanted.size || [...wanted].some(([id, label]) => found.get(id) !== label))
    ) {
      await pause(200);
      found = await held();
    }
    expect(new Map([...found].sort(([x], [y]) => x - y))).toEqual(new Map([...wanted].sort(([x], [y]) => x - y)));
    expect(back).toEqual([]);
    expect((await db.pool.query('select from sluice.parked')).rowCount).toBe(0);
    last.kill('SIGTERM');
    expect(await ended(last)).toBeNull();
  }, 120_000);
});
