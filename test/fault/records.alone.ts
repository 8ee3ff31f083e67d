import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { readTopicsWhole, settledDifferences } from '../support/oracle.ts';
import { poison } from '../support/poison.ts';
import { findRecord } from '../support/raw-records.ts';
import { CRASH_POINTS, type Rig, startRig, type WorkerProcess } from '../support/rig.ts';

const TEN_MB = 10_000_000;
/** hexadecimal that compresses badly, made where it is stored */
const LARGE = `(select string_agg(md5(n::text || $1), '') from generate_series(1, ${TEN_MB / 32}) n)`;

describe('records that are hard to take', () => {
  let rig: Rig;
  let worker: WorkerProcess;
  beforeAll(async () => {
    rig = await startRig(inject('stack'), { rows: 16, seed: 51n });
    worker = rig.startWorker();
    await rig.settled(90);
  }, 180_000);
  afterAll(() => rig.close());

  const parked = async () => {
    const found = await rig.open.pool.query<{ id: string; code: string; state: string; closed_by: string | null }>(
      'select id, code, state, closed_by from sluice.parked order by id',
    );
    return found.rows;
  };
  const submission = async (nth: number): Promise<string> => {
    const found = await rig.source.query<{ id: string }>(
      'select id from public.submissions order by id offset $1 limit 1',
      [nth],
    );
    return found.rows[0]?.id as string;
  };

  /** Gives the registry one more schema, made new by its `doc`, and answers its id; ids are counted up. */
  async function register(like: object): Promise<number> {
    const subject = `${rig.config.prefix}${Math.random().toString(36).slice(2)}`;
    const schema = JSON.stringify({ ...like, doc: subject });
    const answer = await fetch(`${rig.config.registry}/subjects/${subject}/versions`, {
      method: 'POST',
      headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
      body: JSON.stringify({ schema }),
    });
    return ((await answer.json()) as { id: number }).id;
  }

  /** A change of a submission as it would come next, its bytes those of a real one, under another schema id. */
  async function changeUnder(id: number, like: string, instead: string) {
    const { partition, record } = await findRecord(rig, 'submissions', like);
    const bytes = Buffer.from((record.value as Buffer).toString('latin1').replace(like, instead), 'latin1');
    const [text, commit, place] = /\["(\d+)","(\d+)"\]/.exec(bytes.toString('latin1')) ?? [];
    const later = `["${commit}","${BigInt(place ?? 0) + 1n}"]`;
    bytes.write(later, bytes.indexOf(text ?? 'no sequence'), 'latin1');
    bytes.writeUInt32BE(id, 1);
    return { product: { key: record.key, value: bytes, partition, headers: record.headers }, was: record.value };
  }

  it('a record under a schema the registry lacks is put aside alone, and landed once the schema is there', async () => {
    const row = await submission(0);
    await rig.source.query(`update public.submissions set clinician_notes = 'said AAAA' where id = $1`, [row]);
    expect(await settledDifferences(rig)).toEqual([]);
    // far enough ahead that the connector does not take it meanwhile
    const missing = (await register({ type: 'string' })) + 30;
    const { product, was } = await changeUnder(missing, 'said AAAA', 'said BBBB');
    await poison(inject('stack'), rig, 'submissions', product);
    await expect.poll(parked, { timeout: 20_000 }).toMatchObject([{ code: 'SCHEMA_UNKNOWN', state: 'parked' }]);

    // others of the same partition go on; a newer image of this row would heal it
    await rig.source.query(`update public.submissions set clinician_notes = 'others' where id <> $1`, [row]);
    await rig.source.query(`update public.appointments set notes = 'others'`);
    expect(await settledDifferences(rig)).toEqual([]);
    const retry = ['parked', 'retry', '--code', 'SCHEMA_UNKNOWN', '--json'];
    expect((await rig.sluice(...retry)).code).toBe(0);
    expect(await parked()).toMatchObject([{ state: 'parked' }]);

    const used = (was as Buffer).readUInt32BE(1);
    const known = (await (await fetch(`${rig.config.registry}/schemas/ids/${used}`)).json()) as { schema: string };
    let last = 0;
    while (last < missing) last = await register(JSON.parse(known.schema) as object);
    expect(last).toBe(missing);
    // cut off between closing the parked record and landing it: neither is done
    const cutOff = { ...rig.variables, NODE_OPTIONS: `--import ${CRASH_POINTS}`, SLUICE_CRASH_AT: 'retried:1' };
    expect((await rig.sluiceWith(cutOff, ...retry)).code).toBeNull();
    expect(await parked()).toMatchObject([{ state: 'parked' }]);
    expect((await rig.sluice(...retry)).code).toBe(0);
    expect(await parked()).toMatchObject([{ state: 'healed' }]);
    // the change it holds is made, which the comparison can now read as well
    expect(await settledDifferences(rig)).toEqual([]);
    const notes = await rig.open.pool.query(`select 1 from intake.safeguarding where clinician_notes = 'said BBBB'`);
    expect(notes.rowCount).toBe(1);
  }, 120_000);

  it('a newer image of the row heals it without anybody', async () => {
    const row = await submission(1);
    await rig.source.query(`update public.submissions set clinician_notes = 'said CCCC' where id = $1`, [row]);
    const { product } = await changeUnder(0x7fff_fff0, 'said CCCC', 'said DDDD');
    await poison(inject('stack'), rig, 'submissions', product);
    await expect.poll(async () => (await parked()).at(-1), { timeout: 20_000 }).toMatchObject({ state: 'parked' });
    await rig.source.query(`update public.submissions set clinician_notes = 'said EEEE' where id = $1`, [row]);
    await expect
      .poll(async () => (await parked()).at(-1), { timeout: 20_000 })
      .toMatchObject({ code: 'SCHEMA_UNKNOWN', state: 'healed', closed_by: 'a newer image' });
    expect(await settledDifferences(rig)).toEqual([]);
  }, 90_000);

  const insertLarge = (salt: string) =>
    rig.source.query(
      `insert into public.lab_orders (patient_full_name, priority, metadata)
       values ('Large Paper', 'routine', jsonb_build_object('scan', ${LARGE}, 'salt', $1::text))`,
      [salt],
    );
  const large = async () => {
    const found = await rig.open.pool.query(
      `select priority, length(metadata->>'scan') as size from diagnostics.lab_order
       where patient_snapshot->>'full_name' = 'Large Paper'`,
    );
    return found.rows;
  };

  it('a row of 10 MB arrives, and keeps its large value when a change leaves it out', async () => {
    await insertLarge('one');
    expect(await settledDifferences(rig)).toEqual([]);
    expect(await large()).toEqual([{ priority: 'routine', size: TEN_MB }]);

    await rig.source.query('alter table public.lab_orders replica identity default');
    await rig.source.query(`update public.lab_orders set priority = 'urgent' where patient_full_name = 'Large Paper'`);
    await rig.source.query('alter table public.lab_orders replica identity full');
    expect(await settledDifferences(rig)).toEqual([]);
    expect(await large()).toEqual([{ priority: 'urgent', size: TEN_MB }]);
    const unsent = (await readTopicsWhole(rig)).filter((change) => change.unsent.includes('metadata'));
    expect(unsent).toHaveLength(1);

    // with the whole image before it, the record is twice as large
    await rig.source.query(`update public.lab_orders set priority = 'stat' where patient_full_name = 'Large Paper'`);
    expect(await settledDifferences(rig)).toEqual([]);
    expect(await large()).toEqual([{ priority: 'stat', size: TEN_MB }]);
  }, 180_000);

  it('several of them in a row pass through bounded memory', async () => {
    let peak = 0;
    const watch = setInterval(async () => {
      const metrics = await (await fetch(`http://127.0.0.1:${worker.port}/metrics`)).text().catch(() => '');
      peak = Math.max(peak, Number(/^process_resident_memory_bytes (\d+)/m.exec(metrics)?.[1] ?? 0));
    }, 200);
    const started = Date.now();
    for (const salt of ['two', 'three', 'four', 'five']) await insertLarge(salt);
    await rig.settled(90);
    const seconds = (Date.now() - started) / 1000;
    clearInterval(watch);
    console.log(
      `four rows of 10 MB in ${seconds.toFixed(1)} s, worker's memory up to ${Math.round(peak / 2 ** 20)} MB`,
    );
    expect(await large()).toHaveLength(5);
    expect(await settledDifferences(rig)).toEqual([]);
    expect(peak / 2 ** 20).toBeLessThan(900);
    expect(seconds).toBeLessThan(60);
  }, 180_000);

  it('put aside nothing but what it had to, and stayed up', async () => {
    expect((await parked()).map(({ code, state }) => [code, state])).toEqual([
      ['SCHEMA_UNKNOWN', 'healed'],
      ['SCHEMA_UNKNOWN', 'healed'],
    ]);
    expect((await rig.status()).halts).toEqual([]);
    expect(worker.child.exitCode).toBeNull();
  });
});
