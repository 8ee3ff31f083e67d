import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import type { Config } from '../../../src/app/config.ts';
import { openGateRecords, verifyRecords } from '../../../src/app/gates/records.ts';
import { canonicalJson, type GateEntry, gateRecordHash, type StoredGateRecord } from '../../../src/core/index.ts';
import { PostgresGateRecords } from '../../../src/sinks/postgres/index.ts';
import { MINI_SQL, mini } from '../../support/mini-migration.ts';
import { type ServiceDatabase, serviceDatabase } from '../../support/service-database.ts';

let db: ServiceDatabase;
let folder: string;
let config: Config;

beforeAll(async () => {
  db = await serviceDatabase(inject('stack').postgres, mini, { mini: MINI_SQL });
});
afterAll(() => db?.close());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-gates-'));
  config = { gatesAnchor: join(folder, 'deep', 'anchor.ndjson'), servicesUrl: db.url } as Config;
});
afterEach(async () => {
  await asSuperuser((client) => client.query('delete from sluice.gate_record'));
  rmSync(folder, { recursive: true, force: true });
});

/** As somebody who may switch triggers off, and does. */
async function asSuperuser(work: (client: pg.PoolClient) => Promise<unknown>): Promise<void> {
  const client = await db.pool.connect();
  try {
    await client.query('set session_replication_role = replica');
    await work(client);
  } finally {
    await client.query('reset session_replication_role');
    client.release();
  }
}

const entry = (n: number, over: Partial<GateEntry> = {}): GateEntry => ({
  kind: 'evaluation',
  migration: 'mini',
  subject: 'foundation',
  at: `2026-01-01T00:00:0${n}.000Z`,
  actor: 'worker',
  requester: null,
  verdict: 'FAIL',
  content: { n, clauses: [{ clause: 'X', status: 'FAIL' }] },
  ...over,
});

async function kept(count = 5): Promise<PostgresGateRecords> {
  const records = openGateRecords(config, db.pool);
  for (let n = 1; n <= count; n++) await records.append(entry(n));
  return new PostgresGateRecords(db.pool);
}

const whats = async (): Promise<string[]> =>
  (await verifyRecords(config, openGateRecords(config, db.pool), null)).faults.map(({ what }) => what);

describe('the chain of gate records', () => {
  test('is gapless however many write at once, and whole', async () => {
    const records = openGateRecords(config, db.pool);
    await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map((n) => records.append(entry(n))));
    const report = await verifyRecords(config, records, null);
    expect(report).toMatchObject({ whole: true, records: 8, unanchored: 0, faults: [] });
    const [newest] = await records.newest({ migration: 'mini', kinds: ['evaluation'], subject: 'foundation' }, 1);
    expect(newest).toMatchObject({ seq: 8, verdict: 'FAIL' });
    expect(report.head?.hash).toBe(newest?.hash);
    expect(await records.newest({ migration: 'other' }, 9)).toEqual([]);
  });

  test('takes no change, no removal and no truncation from anybody who has triggers on', async () => {
    await kept(2);
    for (const sql of [
      `update sluice.gate_record set verdict = 'PASS'`,
      'delete from sluice.gate_record',
      'truncate sluice.gate_record',
      'update sluice.gate_chain set id = gen_random_uuid()',
      'delete from sluice.gate_chain',
      'truncate sluice.gate_chain',
    ])
      await expect(db.pool.query(sql)).rejects.toMatchObject({ code: '42501' });
    expect(await whats()).toEqual([]);
  });

  test('the database itself refuses an approval by who asked for it', async () => {
    const records = new PostgresGateRecords(db.pool);
    const approve = { kind: 'phase-approve', actor: ' Ann', requester: 'ann ', verdict: null } as const;
    await expect(records.append(entry(1, approve))).rejects.toMatchObject({ code: 'CONSTRAINT_VIOLATED' });
    await expect(records.append(entry(1, { ...approve, requester: null }))).rejects.toMatchObject({
      code: 'CONSTRAINT_VIOLATED',
    });
  });

  test('a decision that was overtaken is void', async () => {
    const records = await kept(1);
    await records.append(entry(2, { kind: 'phase-request', subject: 'read-parity' }), {
      seq: 0,
      kinds: ['phase-request'],
    });
    const late = records.append(entry(3, { kind: 'phase-back' }), { seq: 0, kinds: ['phase-request', 'phase-back'] });
    await expect(late).rejects.toMatchObject({ code: 'TARGET_BUSY' });
  });

  const swap = (a: number, b: number) =>
    `update sluice.gate_record set seq = case seq when ${a} then ${b + 1000} else ${a + 1000} end where seq in (${a}, ${b});
     update sluice.gate_record set seq = seq - 1000 where seq > 1000`;

  test.each([
    ['a verdict changed', `update sluice.gate_record set verdict = 'PASS' where seq = 3`, ['changed']],
    [
      'a clause changed',
      `update sluice.gate_record set body = replace(body, 'FAIL', 'PASS') where seq = 2`,
      ['changed'],
    ],
    ['a time changed', `update sluice.gate_record set at = '2026-01-01T09:00:00.000Z' where seq = 5`, ['changed']],
    ['a name changed', `update sluice.gate_record set actor = 'bob' where seq = 1`, ['changed']],
    ['one taken out', 'delete from sluice.gate_record where seq = 3', ['missing']],
    ['the first taken out', 'delete from sluice.gate_record where seq = 1', ['missing']],
    [
      'one taken out and the rest renumbered',
      'delete from sluice.gate_record where seq = 2; update sluice.gate_record set seq = seq + 900 where seq > 2; update sluice.gate_record set seq = seq - 901 where seq > 900',
      ['changed', 'cut off', 'not as anchored'],
    ],
    ['two exchanged', swap(2, 4), ['changed', 'not as anchored', 'out of place']],
    ['the last cut off', 'delete from sluice.gate_record where seq = 5', ['cut off']],
    ['all cut off', 'delete from sluice.gate_record', ['cut off']],
  ])('finds what a superuser did without the triggers: %s', async (_, sql, expected) => {
    await kept();
    expect(await whats()).toEqual([]);
    await asSuperuser((client) => client.query(sql));
    expect([...new Set(await whats())].sort()).toEqual(expected);
  });

  test('finds a record that was put in with a right hash of its own, and a chain that was written anew', async () => {
    const records = await kept();
    const all = await records.stored(0, 10);
    const forged = (seq: number, prev: string): StoredGateRecord => {
      const link = {
        ...(all[seq - 1] ?? (all[0] as StoredGateRecord)),
        seq,
        prev,
        verdict: 'PASS',
        body: canonicalJson({}),
      };
      return { ...link, hash: gateRecordHash(link) };
    };
    const put = (one: StoredGateRecord) => (client: pg.PoolClient) =>
      client.query('update sluice.gate_record set verdict = $2, body = $3, prev = $4, hash = $5 where seq = $1', [
        one.seq,
        one.verdict,
        one.body,
        one.prev,
        one.hash,
      ]);
    await asSuperuser(put(forged(3, all[1]?.hash ?? '')));
    expect((await whats()).sort()).toEqual(['not as anchored', 'out of place']);
    let prev = await records.chain();
    for (let seq = 1; seq <= 5; seq++) {
      const one = forged(seq, prev);
      await asSuperuser(put(one));
      prev = one.hash;
    }
    expect(new Set(await whats())).toEqual(new Set(['not as anchored']));
  });

  test('without the anchor, with a damaged line in it, or with a chain in its place, nothing is proved', async () => {
    const records = await kept(3);
    const [last] = await records.newest({}, 1);
    const text = readFileSync(config.gatesAnchor, 'utf8');
    appendFileSync(config.gatesAnchor, '{"chain": 1}\n');
    expect(await whats()).toEqual(['anchor']);
    writeFileSync(config.gatesAnchor, text.replaceAll(await records.chain(), 'f4d3f3f0-0000-4000-8000-000000000000'));
    expect(await whats()).toEqual(['anchor', 'anchor']);
    rmSync(config.gatesAnchor);
    expect(await whats()).toEqual(['anchor']);
    // a head that somebody has kept by himself is as good
    const told = { seq: last?.seq ?? 0, hash: last?.hash ?? '' };
    expect((await verifyRecords(config, records, told)).whole).toBe(true);
    expect((await verifyRecords(config, records, { ...told, hash: 'f'.repeat(64) })).whole).toBe(false);
  });

  test('records after the newest anchor are counted, and are no fault', async () => {
    const records = await kept(2);
    await records.append(entry(3));
    expect(await verifyRecords(config, records, null)).toMatchObject({ whole: true, records: 3, unanchored: 1 });
  });
});
