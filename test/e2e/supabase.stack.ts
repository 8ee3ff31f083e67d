import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { JsonObject } from '../../src/core/index.ts';
import { openBroker } from '../support/broker.ts';
import { readTopicsWhole, settledDifferences } from '../support/oracle.ts';
import { JSON_CONVERTERS, type Rig, startRig, type WorkerProcess } from '../support/rig.ts';
import { rawRecordsOf } from '../support/topic-records.ts';

let rig: Rig;
let worker: WorkerProcess;

const same = async (): Promise<void> => expect(await settledDifferences(rig)).toEqual([]);

const traffic = async (): Promise<void> => {
  const done = await rig.sluice('traffic', 'supabase', '--rate', '30', '--for', '8s', '--json');
  expect(done.code, done.err).toBe(0);
};

const fhir = async (path: string, init?: RequestInit): Promise<JsonObject> => {
  const headers = { 'content-type': 'application/fhir+json', 'cache-control': 'no-cache' };
  const response = await fetch(`${rig.config.fhir}/${path}`, { headers, ...init });
  return (await response.json()) as JsonObject;
};

const one = async (sql: string, ...values: unknown[]): Promise<Record<string, unknown>> => {
  const { rows } = await rig.source.query<Record<string, unknown>>(sql, values);
  return rows[0] ?? {};
};

const services = async (sql: string, ...values: unknown[]): Promise<Record<string, unknown>[]> =>
  (await rig.open.pool.query<Record<string, unknown>>(sql, values)).rows;

/** Versions of documents as the FHIR server itself tells them. */
async function versionsThere(documents: readonly Record<string, unknown>[]): Promise<Map<string, unknown>> {
  const found = new Map<string, unknown>();
  for (let start = 0; start < documents.length; start += 100) {
    const entry = documents.slice(start, start + 100).map(({ target, id }) => ({
      request: { method: 'GET', url: `${String(target).slice(5)}/${id}` },
    }));
    const body = JSON.stringify({ resourceType: 'Bundle', type: 'batch', entry });
    const answer = (await fhir('', { method: 'POST', body })) as { entry?: { resource?: JsonObject }[] };
    for (const { resource } of answer.entry ?? [])
      found.set(`${resource?.resourceType}/${resource?.id}`, (resource?.meta as JsonObject | undefined)?.versionId);
  }
  return found;
}

const landed = (): string => `sluice."landed__${rig.open.name}__public__submissions"`;

const submission = (columns: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> => {
  const names = Object.keys(columns);
  return one(
    `insert into public.submissions (${names.join(', ')}) values (${names.map((_, i) => `$${i + 1}`).join(', ')}) returning id`,
    ...Object.values(columns),
  );
};

describe('a migration through Debezium, Kafka in Avro, PostgreSQL and FHIR', () => {
  beforeAll(async () => {
    rig = await startRig(inject('stack'), { rows: 20 });
    worker = rig.startWorker();
  }, 120_000);
  afterAll(() => rig.close());

  it('carries the rows that were there before', same);

  it('carries traffic of every kind', async () => {
    await traffic();
    await same();
  });

  it('lands what the source holds now, and nothing else', async () => {
    const whole = await readTopicsWhole(rig);
    expect(rig.open.migration.tables).toHaveLength(12);
    for (const { name } of rig.open.migration.tables) {
      const source = await rig.source.query<{ id: string }>(`select id::text from ${name}`);
      expect(source.rows.length, name).toBeGreaterThan(0);
      const changes = whole.filter((change) => change.table === name);
      const alive = new Map<string, boolean>();
      for (const change of changes) alive.set(change.key, change.after !== null);
      const keys = [...alive].flatMap(([key, there]) => (there ? [key] : [])).sort();
      expect(keys, name).toEqual(source.rows.map(({ id }) => id).sort());
    }
  });

  it('tells others of it: events in order, and the newest word of each row of all twelve tables', async () => {
    const told = rig.open.migration.targetSchemas;
    const untold = told.map((name) => `(select count(*) from ${name}.outbox where published_at is null)`).join('+');
    await expect
      .poll(async () => (await services(`select ${untold} as n`))[0]?.n, { timeout: 60_000, interval: 300 })
      .toBe('0');
    expect((await rig.sluice('export', 'stock-levels')).code).toBe(0);
    const tables = rig.open.migration.tables.map(({ name }) => name.replace('public.', ''));
    const named = (topic: string): string => `${rig.config.prefix}${topic}`;
    const broker = await openBroker(inject('stack'));
    const topics = [...tables.map((name) => `cdc.${name}`), ...told.map((name) => `events.${name}`)];
    const records = await rawRecordsOf(broker, topics.map(named));
    await broker.close();
    const keysOf = (topic: string): string[] => {
      const held = new Map<string, boolean>();
      for (const { key, value } of records.get(named(topic)) ?? []) held.set(String(key), value !== null);
      return [...held].flatMap(([key, isThere]) => (isThere ? [key] : [])).sort();
    };
    for (const table of tables) {
      const living = await rig.source.query<{ id: string }>(`select id::text from public.${table} order by 1`);
      expect(keysOf(`cdc.${table}`), table).toEqual(living.rows.map(({ id }) => id));
    }
    for (const service of told) {
      const numbers = new Map<string, number[]>();
      for (const { key, value } of records.get(named(`events.${service}`)) ?? []) {
        const event = JSON.parse(String(value)) as { id: number; service: string; type: string; data: JsonObject };
        expect([event.service, typeof event.data, event.type]).toEqual([
          service,
          'object',
          expect.stringMatching(/\w\.\w/),
        ]);
        numbers.set(String(key), [...(numbers.get(String(key)) ?? []), event.id]);
      }
      expect(numbers.size, service).toBeGreaterThan(0);
      for (const list of numbers.values()) expect(list).toEqual([...new Set(list)].sort((x, y) => x - y));
    }
  });

  it('follows a changed key: the old documents end, the new ones begin', async () => {
    const { id } = await submission({ first_name: 'Keyed', surname: 'Invented', date_of_birth: '1990-02-03' });
    await rig.settled();
    const fresh = randomUUID();
    await rig.source.query('update public.submissions set id = $2 where id = $1', [id, fresh]);
    await same();
    expect(await services('select 1 from intake.submission where legacy_id = $1 and deleted_at is null', id)).toEqual(
      [],
    );
    expect(
      await services('select 1 from intake.submission where legacy_id = $1 and deleted_at is null', fresh),
    ).toHaveLength(1);
  });

  it('keeps a large value that an update did not send', async () => {
    const large = Array.from({ length: 4_000 }, () => randomUUID()).join('');
    await rig.source.query('alter table public.submissions replica identity default');
    const { id } = await submission({ first_name: 'Toasted', surname: 'Invented', patient_notes: large });
    await rig.settled();
    await rig.source.query(`update public.submissions set status = 'in_review' where id = $1`, [id]);
    await rig.settled();
    await rig.source.query('alter table public.submissions replica identity full');
    const changes = (await readTopicsWhole(rig)).filter((change) => change.key === id);
    expect(changes.at(-1)?.unsent).toEqual(['patient_notes']);
    const held = await services(
      `select image::json->>'patient_notes' = $2 as kept, image::json->>'status' as status from ${landed()} where key = $1`,
      id,
      large,
    );
    expect(held).toEqual([{ kept: true, status: 'in_review' }]);
  });

  it('goes on when a column is added on the fly', async () => {
    await rig.source.query(`alter table public.submissions add column referral_code text not null default 'none'`);
    const { id } = await submission({ first_name: 'Widened', surname: 'Invented', referral_code: 'R-7' });
    await same();
    const held = await services(`select image::json->>'referral_code' as code from ${landed()} where key = $1`, id);
    expect(held).toEqual([{ code: 'R-7' }]);
  });

  it('gives a patient who gains an NHS number one identity, and moves what hangs on the old one', async () => {
    const person = { first_name: 'Gained', surname: 'Zuiderwijk', date_of_birth: '1984-05-06', email: 'g@example.org' };
    const { id } = await submission(person);
    await rig.settled();
    const [before] = await services('select patient_id from intake.submission where legacy_id = $1', id);
    await rig.source.query(`update public.submissions set nhs_number = '999 000 0018' where id = $1`, [id]);
    await same();
    const [after] = await services('select patient_id from intake.submission where legacy_id = $1', id);
    expect(after?.patient_id).not.toBe(before?.patient_id);
    const response = await fhir(`Patient/${after?.patient_id}`);
    expect(JSON.stringify(response.identifier)).toContain('9990000018');
  });

  it('waits with an appointment that comes before its submission', async () => {
    await rig.source.query('alter table public.appointments drop constraint appointments_submission_id_fkey');
    const later = randomUUID();
    const { id } = await one(
      `insert into public.appointments (submission_id, start_at, end_at, location)
       values ($1, '2026-03-01T10:00Z', '2026-03-01T10:30Z', 'Room 9') returning id`,
      later,
    );
    await expect
      .poll(async () => (await rig.status()).flows.find((flow) => flow.flow === 'appointments')?.waiting, {
        timeout: 20_000,
      })
      .toBe(1);
    expect(await services('select 1 from scheduling.appointment where legacy_id = $1', id)).toEqual([]);
    await submission({ id: later, first_name: 'Late', surname: 'Parent', date_of_birth: '1979-01-01' });
    await same();
    const [row] = await services('select patient_id, id from scheduling.appointment where legacy_id = $1', id);
    const found = await fhir(`Appointment?patient=Patient/${row?.patient_id}`);
    expect(found.total ?? (found.entry as unknown[]).length).toBe(1);
  });

  it('can be found by search', async () => {
    const [patient] = await services(
      'select p.id, count(*)::int as visits from intake.patient p join scheduling.appointment a on a.patient_id = p.id where a.deleted_at is null group by 1 order by 2 desc limit 1',
    );
    const found = await fhir(`Appointment?patient=Patient/${patient?.id}&_summary=count`);
    expect(Number(found.total)).toBeGreaterThanOrEqual(Number(patient?.visits));
    const orders = await services(`select count(*)::int as n from diagnostics.lab_order where deleted_at is null`);
    expect(Number(orders[0]?.n)).toBeGreaterThan(0);
    const [asked] = await services(
      `select patient_id as id, count(*)::int as n from compliance.task
       where status in ('open', 'unknown') and deleted_at is null and patient_id is not null group by 1 limit 1`,
    );
    const tasks = await fhir(`Task?patient=Patient/${asked?.id}&status=requested&_summary=count`);
    expect(tasks.total).toBe(asked?.n);
    const plans = await services('select patient_id as id from careplan.action_plan where deleted_at is null limit 1');
    const cared = await fhir(`CarePlan?patient=Patient/${plans[0]?.id}&status=active&_summary=count`);
    expect(Number(cared.total)).toBeGreaterThan(0);
    const [hot] = await services('select legacy_id from compliance.temperature_reading where is_excursion limit 1');
    const base = 'https://fhir.allergypath.example/id/temperature-log';
    const readings = await fhir(`Observation?identifier=${encodeURIComponent(`${base}|${hot?.legacy_id}`)}`);
    expect(JSON.stringify(readings.entry)).toMatch(/"interpretation":\[\{"coding":\[\{[^}]*"code":"[HLA]"/);
  });

  it('changes nothing when the topics are replayed, and adds no version to any resource', async () => {
    const versions = (): Promise<Record<string, unknown>[]> =>
      services('select target, id, etag, revision::text from sluice.document where etag is not null order by 1, 2');
    const before = await versions();
    expect(before.length).toBeGreaterThan(300);
    const replay = await rig.sluice('replay', 'supabase', '--from-beginning', '--json');
    expect(replay.code, replay.err).toBe(0);
    expect(JSON.parse(replay.out)).toMatchObject({ written: 0 });
    await same();
    expect(await versions()).toEqual(before);
    expect(await versionsThere(before)).toEqual(
      new Map(before.map(({ target, id, etag }) => [`${String(target).slice(5)}/${id}`, etag])),
    );
  });

  it('comes to the same in a shadow', async () => {
    const replay = await rig.sluice('replay', 'supabase', '--from-beginning', '--into', 'copy', '--json');
    expect(replay.code, replay.err + replay.out).toBe(0);
    const { differences: found } = JSON.parse(replay.out) as { differences: Record<string, unknown>[] };
    expect(found.length).toBeGreaterThan(10);
    for (const target of found) expect(target).toMatchObject({ onlyLive: 0, onlyShadow: 0, different: 0 });
  });

  it('says how it is over HTTP', async () => {
    const get = async (path: string) => (await fetch(`http://127.0.0.1:${worker.port}${path}`)).text();
    expect(await get('/health/live')).toContain('live');
    expect(await get('/health/ready')).toContain('ready');
    const metrics = await get('/metrics');
    expect(metrics).toMatch(/sluice_flow_lag_seconds\{[^}]*flow="appointments"[^}]*\} \d/);
    expect(metrics).toMatch(/sluice_events_total\{[^}]*result="landed"[^}]*\} [1-9]/);
  });

  it('ends within its time on SIGTERM, and goes on where it was', async () => {
    worker.child.kill('SIGTERM');
    expect(await worker.exited).toBe(0);
    await submission({ first_name: 'Meanwhile', surname: 'Invented', date_of_birth: '1966-06-06' });
    const log = worker.log();
    worker = rig.startWorker();
    await same();
    expect(log).toContain('"stopped"');
  });

  it('lets no value of a patient into logs, metrics or parked items', async () => {
    const people = await rig.source.query<Record<string, string | null>>(
      'select first_name, surname, email, phone, nhs_number, patient_notes, safeguarding_notes from public.submissions',
    );
    const metrics = await (await fetch(`http://127.0.0.1:${worker.port}/metrics`)).text();
    const parked = await services('select detail::text from sluice.parked');
    const seen = [worker.log(), metrics, JSON.stringify(parked)].join('\n');
    const values = people.rows.flatMap((row) => Object.values(row)).filter((value) => (value ?? '').trim().length >= 5);
    expect(values.length).toBeGreaterThan(100);
    expect(values.filter((value) => seen.includes(String(value)))).toEqual([]);
  });

  it('would notice a difference: the check is no rubber stamp', async () => {
    const [row] = await services(
      `update scheduling.appointment set status = 'UNKNOWN' where status <> 'UNKNOWN' and id = (select min(id::text)::uuid from scheduling.appointment where status <> 'UNKNOWN') returning id`,
    );
    const patient = await fhir('Patient?_count=1&_tag=supabase-cdc');
    const [entry] = (patient.entry ?? []) as { resource: JsonObject }[];
    expect(entry).toBeDefined();
    const [mine] = await services(`select id from sluice.document where target = 'fhir.Patient' limit 1`);
    const resource = await fhir(`Patient/${mine?.id}`);
    await fhir(`Patient/${mine?.id}`, {
      method: 'PUT',
      body: JSON.stringify({ ...resource, birthDate: '1901-01-01' }),
    });
    const found = await settledDifferences(rig);
    expect(found).toContain(`scheduling.appointment ${row?.id}: status differ`);
    expect(found).toContain(`fhir.Patient ${mine?.id}: birthDate differ`);
    expect(found).toHaveLength(2);
  });
});

describe('the same with the JSON converter', () => {
  beforeAll(async () => {
    rig = await startRig(inject('stack'), { rows: 12, connector: JSON_CONVERTERS });
    worker = rig.startWorker();
  }, 120_000);
  afterAll(() => rig.close());

  it('carries the rows that were there before', same);

  it('carries traffic of every kind', async () => {
    await traffic();
    await same();
  });
});
