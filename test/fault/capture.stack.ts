import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type BrokerAccess, openBroker } from '../support/broker.ts';
import { chance } from '../support/chance.ts';
import { readTopicsWhole, settledDifferences } from '../support/oracle.ts';
import { recovers } from '../support/recovery.ts';
import { type Rig, startRig, type WorkerProcess } from '../support/rig.ts';
import { rawRecords } from '../support/topic-records.ts';

let rig: Rig;
let broker: BrokerAccess;
let worker: WorkerProcess;
let other: WorkerProcess;
/** two more sessions at the source, beside rig.source */
let first: pg.Client;
let second: pg.Client;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const idsOf = async (table: string, limit: number): Promise<string[]> => {
  const found = await rig.source.query<{ id: string }>(`select id::text from public.${table} order by id limit $1`, [
    limit,
  ]);
  return found.rows.map(({ id }) => id);
};
const note = (client: pg.Client, id: string, text: string) =>
  client.query('update public.appointments set notes = $2 where id = $1', [id, text]);
const asAtSource = async (): Promise<void> => {
  const source = await rig.source.query('select id::text, notes from public.appointments order by id');
  const target = 'select legacy_id::text as id, notes from scheduling.appointment where deleted_at is null order by 1';
  expect((await rig.open.pool.query(target)).rows).toEqual(source.rows);
};
const wellAgain = async (fault: string, bound: number): Promise<void> => {
  await recovers(fault, bound, () => rig.settled(bound));
  await asAtSource();
  expect(await settledDifferences(rig)).toEqual([]);
  expect((await rig.status()).halts).toEqual([]);
};

beforeAll(async () => {
  broker = await openBroker(inject('stack'));
  rig = await startRig(inject('stack'), { rows: 16, seed: 71n });
  first = new pg.Client(rig.config.sourceUrl('supabase'));
  second = new pg.Client(rig.config.sourceUrl('supabase'));
  await Promise.all([first.connect(), second.connect()]);
  worker = rig.startWorker();
  await rig.settled(90);
}, 180_000);
afterAll(async () => {
  await Promise.all([first, second].map((client) => client?.end()));
  await rig.close();
  await broker.close();
});

describe('what capture may send, landed by the order of commits', () => {
  it('long transactions through each other, on the same rows and on parents and children', async () => {
    const [a = '', b = '', c = '', d = ''] = await idsOf('appointments', 4);
    const [form = ''] = await idsOf('submissions', 1);
    for (let round = 0; round < 12; round += 1) {
      await first.query('begin');
      await second.query('begin');
      // the first to write commits last, and writes again what the second has committed
      await note(first, a, `first ${round}`);
      await note(second, b, `second ${round}`);
      await second.query('update public.submissions set clinician_email = $2 where id = $1', [
        form,
        `dr${round}@clinic.example`,
      ]);
      await first.query('update public.appointments set submission_id = $2, notes = $3 where id = $1', [
        c,
        form,
        `moved ${round}`,
      ]);
      await note(second, d, `second ${round}`);
      await second.query('commit');
      await note(first, b, `first, later ${round}`);
      await note(first, d, `first, later ${round}`);
      await first.query('commit');
    }
    await wellAgain('interleaved transactions', 60);
  }, 120_000);

  it('the same key deleted by one and made again by another, in every order locks allow', async () => {
    const [, , , , x = ''] = await idsOf('appointments', 5);
    const { rows } = await rig.source.query('select to_jsonb(a) as row from public.appointments a where id = $1', [x]);
    const again = `insert into public.appointments select (jsonb_populate_record(null::public.appointments,
      $1::jsonb || jsonb_build_object('notes', $2::text))).*`;
    for (let round = 0; round < 6; round += 1) {
      await first.query('begin');
      await second.query('begin');
      await note(second, (await idsOf('appointments', 1))[0] ?? '', `older than what follows ${round}`);
      await first.query('delete from public.appointments where id = $1', [x]);
      const waits = second.query(again, [rows[0].row, `again ${round}`]);
      await pause(50);
      await first.query('commit');
      await waits;
      await second.query('commit');
    }
    await wellAgain('deleted and made again', 60);
  }, 120_000);

  it('a deferrable key: what commits later wins though its place in the log is lower', async () => {
    await rig.source.query(`alter table public.appointments drop constraint appointments_pkey cascade,
      add primary key (id) deferrable initially deferred`);
    const [, , , , , x = ''] = await idsOf('appointments', 6);
    const { rows } = await rig.source.query('select to_jsonb(a) as row from public.appointments a where id = $1', [x]);
    const make = `insert into public.appointments select (jsonb_populate_record(null::public.appointments,
      $1::jsonb || jsonb_build_object('id', $2::text, 'notes', $3::text))).*`;
    const keys: string[] = [];
    for (let round = 0; round < 6; round += 1) {
      const id = `00000000-0000-4000-8000-00000000000${round}`;
      keys.push(id);
      await first.query('begin');
      await second.query('begin');
      await first.query(make, [rows[0].row, id, `gone ${round}`]);
      await second.query(make, [rows[0].row, id, `stays ${round}`]);
      await first.query('delete from public.appointments where id = $1', [id]);
      await first.query('commit');
      await second.query('commit');
    }
    await wellAgain('a deferrable key', 60);
    const sent = (await readTopicsWhole(rig)).filter(({ key }) => keys.includes(key));
    const last = new Map(sent.map((change) => [change.key, change]));
    const lower = [...last.values()].filter((change) =>
      sent.some(({ key, position }) => key === change.key && position.b > change.position.b),
    );
    expect(lower.length, 'rows whose newest change lies below an older one').toBe(keys.length);
    await rig.source.query('alter table public.appointments drop constraint appointments_pkey, add primary key (id)');
  }, 120_000);
});

describe('a child and its parent landed at once', () => {
  it('by two workers: the joined document misses neither', async () => {
    other = rig.startWorker();
    await expect.poll(() => other.log(), { timeout: 40_000 }).toContain('"running"');
    const children = await rig.source.query<{ id: string; submission_id: string }>(
      'select id::text, submission_id::text from public.appointments',
    );
    for (let round = 0; round < 4; round += 1) {
      for (const { id, submission_id: form } of children.rows) {
        // separate sessions, separate topics, committed at one moment
        await Promise.all([
          first.query('update public.submissions set clinician_id = null, clinician_email = $2 where id = $1', [
            form,
            `p${round}@c.example`,
          ]),
          second.query('update public.appointments set location = $2 where id = $1', [id, `Room ${round}`]),
        ]);
      }
    }
    await wellAgain('children and parents at once', 60);
    const stale = await rig.open.pool.query(
      `select count(*)::int as n from scheduling.appointment a join scheduling.location l on l.id = a.location_id
       where a.deleted_at is null and (a.clinician_key not like '%p3@c.example%' or l.name <> 'Room 3')`,
    );
    expect(stale.rows).toEqual([{ n: 0 }]);
    other.child.kill('SIGTERM');
    expect(await other.exited).toBe(0);
  }, 180_000);
});

describe('old records that come once more', () => {
  it('all of them, byte for byte, shuffled, at new offsets: nothing changes', async () => {
    const random = chance(5);
    const before = await rig.open.pool.query('select sum(revision) as revisions, count(*) from sluice.document');
    let sent = 0;
    for (const table of ['submissions', 'appointments', 'lab_orders', 'lab_order_events']) {
      const topic = `${rig.config.prefix}supabase.public.${table}`;
      const records = await rawRecords(broker, topic);
      sent += records.length;
      const messages = records
        .map((record) => ({ record, at: random() }))
        .sort((x, y) => x.at - y.at)
        .map(({ record: { key, value, headers, partition } }) => ({ key, value, headers, partition }));
      await broker.producer.send({ topic, messages });
    }
    expect(sent).toBeGreaterThan(300);
    await wellAgain('every record once more', 60);
    const after = await rig.open.pool.query('select sum(revision) as revisions, count(*) from sluice.document');
    expect(after.rows).toEqual(before.rows);
  }, 120_000);
});

describe('an incremental snapshot', () => {
  it('while its rows are written: nothing goes back, nothing comes back', async () => {
    const ids = await idsOf('appointments', 30);
    const asked = ['public.appointments', 'public.submissions'];
    for (let round = 0; round < 2; round += 1) {
      const { code, err } = await rig.sluice('connectors', 'snapshot', 'supabase', ...asked);
      expect(code, err).toBe(0);
      // Debezium reads within a second or two of being asked
      for (const end = Date.now() + 2_000; Date.now() < end; ) {
        for (const id of ids.slice(0, 20)) await note(first, id, `during ${round}, ${Date.now()}`);
      }
      await second.query('delete from public.appointments where id = $1', [ids[20 + round]]);
    }
    await wellAgain('an incremental snapshot racing writes', 60);
    const read = (await readTopicsWhole(rig)).filter(({ op, position }) => op === 'r' && position.phase === 1);
    expect(read.length, 'rows read by it').toBeGreaterThan(20);
  }, 120_000);
});

describe('a replication slot that is lost', () => {
  const slot = (): string => `${rig.config.prefix}sluice_supabase`;
  async function dropSlot(): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      const cut = 'select pg_terminate_backend(active_pid) from pg_replication_slots where slot_name = $1';
      await rig.source.query(cut, [slot()]);
      try {
        await rig.source.query('select pg_drop_replication_slot($1)', [slot()]);
        return;
      } catch (error) {
        if (attempt > 50) throw error;
        await pause(20);
      }
    }
  }
  /** Changes nobody captures, a deletion among them. */
  async function unseen(text: string): Promise<void> {
    await rig.source.query('update public.appointments set notes = $1', [text]);
    await rig.source.query(
      'delete from public.appointments where id in (select id from public.appointments order by id limit 1)',
    );
  }
  async function foundAndHealed(fault: string): Promise<void> {
    const lost = async () => [...new Set((await rig.open.ledger.halts()).map(({ code }) => code))];
    await recovers(`${fault}: until it is found`, 15, () =>
      expect.poll(lost, { timeout: 30_000, interval: 200 }).toEqual(['SLOT_LOST']),
    );
    expect((await rig.sluice('status', 'supabase')).out).toMatch(/appointments\s+gap/);
    await recovers(`${fault}: a new epoch`, 90, async () => {
      const applied = await rig.sluice('connectors', 'apply', 'supabase', '--new-epoch');
      expect(applied.code, applied.err).toBe(0);
      expect((await rig.sluice('resume', 'supabase')).out).toContain('SLOT_LOST');
      await rig.settled(90);
    });
    await expect
      .poll(
        () =>
          asAtSource().then(
            () => true,
            () => false,
          ),
        { timeout: 30_000 },
      )
      .toBe(true);
    await wellAgain(`${fault}: after the sweep`, 60);
  }

  it('and made anew at once: the connector cannot go on, which is found and healed', async () => {
    await dropSlot();
    await unseen('while there was no slot');
    await rig.source.query(`select pg_create_logical_replication_slot($1, 'pgoutput')`, [slot()]);
    await foundAndHealed('slot dropped and made anew');
  }, 180_000);

  it('while no worker ran: one that starts later misses it', async () => {
    worker.child.kill('SIGTERM');
    await worker.exited;
    await dropSlot();
    await unseen('while there was neither slot nor worker');
    worker = rig.startWorker();
    await foundAndHealed('slot dropped while no worker ran');
  }, 180_000);
});
