import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { appendFile, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { systemClock } from '../../src/app/clock.ts';
import { checkProfile } from '../../src/app/gates/check.ts';
import { tableSwitches } from '../../src/app/supabase/dual-write.ts';
import type { JsonObject } from '../../src/core/index.ts';
import { askOracle } from '../support/fhir-oracle/index.ts';
import { type Rig, startRig, type WorkerProcess } from '../support/rig.ts';
import { s3Server } from '../support/s3-server.ts';

const UK_CORE = '../shared/supabase/ukcore';

type S3 = Awaited<ReturnType<typeof s3Server>>;

let rig: Rig;
let worker: WorkerProcess;
let legacyStore: S3;
let newStore: S3;
let folder: string;
/** spoils what is written to the new store, as long as it is there */
let spoil: ((key: string, bytes: Buffer) => Buffer) | null = null;

const source = async <T = Record<string, unknown>>(sql: string, ...values: unknown[]): Promise<readonly T[]> =>
  (await rig.source.query(sql, values)).rows as T[];
const services = async <T = Record<string, unknown>>(sql: string, ...values: unknown[]): Promise<readonly T[]> =>
  (await rig.open.pool.query(sql, values)).rows as T[];
const fhir = async (path: string): Promise<JsonObject> =>
  (await (
    await fetch(`${rig.config.fhir}/${path}`, { headers: { 'cache-control': 'no-cache' } })
  ).json()) as JsonObject;

const run = async (...args: string[]) => {
  const done = await rig.sluice(...args, '--json');
  return { code: done.code, err: done.err, said: JSON.parse(done.out || 'null') };
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-signoff-'));
  legacyStore = await s3Server();
  newStore = await s3Server();
  const set = newStore.objects.set.bind(newStore.objects);
  newStore.objects.set = (key, bytes) => set(key, spoil ? spoil(key, bytes) : bytes);
  const variables = { SLUICE_S3_URL: newStore.url, SLUICE_LEGACY_S3_URL: legacyStore.url };
  rig = await startRig(inject('stack'), { rows: 10, variables });
  worker = rig.startWorker();
  await rig.settled(150);
}, 300_000);
afterAll(async () => {
  await rig?.close();
  await legacyStore?.close();
  await newStore?.close();
  await rm(folder, { recursive: true, force: true });
});

describe('appointments', () => {
  it('are rows and resources, with the clinician of the submission, and follow it to another one', async () => {
    const [form] = await source<{ id: string }>(
      `insert into public.submissions (first_name, surname, date_of_birth, clinician_email)
       values ('Scheduled', 'Invented', '1990-02-03', 'dr.marsh@example.org') returning id`,
    );
    const [visit] = await source<{ id: string }>(
      `insert into public.appointments (submission_id, start_at, end_at, location, notes)
       values ($1, now(), now() + interval '30 minutes', 'Room 9', '  ') returning id`,
      form?.id,
    );
    const clinicians = async () => {
      await rig.settled();
      const [row] = await services<{ id: string; clinician_key: string }>(
        'select id, clinician_key from scheduling.appointment where legacy_id = $1',
        visit?.id,
      );
      const resource = await fhir(`Appointment/${row?.id}`);
      const practitioner = (resource.participant as JsonObject[]).find((one) => JSON.stringify(one).includes('PPRF'));
      return [row?.clinician_key, JSON.stringify(practitioner)];
    };
    const [key, actor] = await clinicians();
    expect(key).toContain('dr.marsh@example.org');
    expect(actor).toContain('dr.marsh@example.org');
    await source("update public.submissions set clinician_email = 'dr.hill@example.org' where id = $1", form?.id);
    const [other, otherActor] = await clinicians();
    expect(other).toContain('dr.hill@example.org');
    expect(otherActor).toContain('dr.hill@example.org');
  });
});

describe('the reporting views', () => {
  it('show of the new stores what the portal shows of the source', async () => {
    await source(
      "insert into public.partner_payouts (occurred_on, amount) values (current_date, 12.34), (date_trunc('month', current_date), 0.01)",
    );
    const [gone] = await source<{ id: string }>(
      'insert into public.partner_payouts (occurred_on, amount) values (current_date, 99) returning id',
    );
    await rig.settled();
    await source('delete from public.partner_payouts where id = $1', gone?.id);
    await rig.settled();
    const today = 'select id::text, start_at, end_at, purpose, patient_name, location from';
    const schedule = await source(`${today} public.partner_today_schedule order by id`);
    expect(schedule.length).toBeGreaterThan(0);
    expect(schedule).toContainEqual(
      expect.objectContaining({ purpose: 'Consultation', patient_name: 'Scheduled Invented' }),
    );
    expect(await services(`${today} scheduling.partner_today_schedule order by id`)).toEqual(schedule);
    const earnings = await source('select * from public.partner_earnings_summary order by scope');
    expect(earnings).toHaveLength(3);
    expect(await services('select * from finance.partner_earnings_summary order by scope')).toEqual(earnings);
  });
});

describe('a sample pack', () => {
  const textOf = async (out: string): Promise<string> => {
    const files = (await readdir(out, { recursive: true })).filter((name) => /^\w+\/.*\.json$/.test(name));
    return (await Promise.all(files.map((name) => readFile(join(out, name), 'utf8')))).join('\n');
  };
  const values = async (): Promise<readonly string[]> => {
    const people = await source<Record<string, string | null>>(
      `select surname, email, phone, nhs_number, patient_notes, most_severe_reaction, date_of_birth::text from public.submissions`,
    );
    return [...new Set(people.flatMap((row) => Object.values(row)))].filter(
      (value): value is string => (value ?? '').length >= 5,
    );
  };

  it('has real resources of every type, with the report of the validator', async () => {
    const out = join(folder, 'pack');
    const { code, said, err } = await run('fhir', 'sample-pack', '--per-type', '3', '--out', out);
    expect(code, err + JSON.stringify(said.faults)).toBe(0);
    const types = said.types as { type: string; there: number; sampled: number }[];
    expect(types.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['Appointment', 'Patient', 'Task', 'Observation', 'CarePlan']),
    );
    for (const { type, there, sampled } of types) expect(sampled, type).toBe(Math.min(3, there));
    const report = JSON.parse(await readFile(join(out, 'report.json'), 'utf8'));
    expect(report).toMatchObject({ faults: [], redacted: false });
    const { dependencies } = JSON.parse(await readFile('package.json', 'utf8'));
    expect(report.validator).toContain(`in process (@medplum/core ${dependencies['@medplum/core']}`);
    const text = await textOf(out);
    expect((await values()).filter((value) => text.includes(value)).length).toBeGreaterThan(3);
    expect((await run('fhir', 'sample-pack', '--out', out)).code).toBe(2);
  });

  it('redacted tells of nobody, is still valid, and its references still meet', async () => {
    const out = join(folder, 'redacted');
    const { code, said, err } = await run('fhir', 'sample-pack', '--per-type', '400', '--out', out, '--redact');
    expect(code, err + JSON.stringify(said.faults)).toBe(0);
    const text = await textOf(out);
    expect((await values()).filter((value) => text.includes(value))).toEqual([]);
    const ids = await services<{ id: string }>("select distinct id from sluice.document where target like 'fhir.%'");
    expect(ids.filter(({ id }) => text.includes(id))).toEqual([]);
    const references = [...text.matchAll(/"reference": "(Patient\/[^"]+)"/g)].map(
      ([, reference]) => `${reference}.json`,
    );
    expect(references.length).toBeGreaterThan(10);
    const there = new Set((await readdir(join(out, 'Patient'))).map((name) => `Patient/${name}`));
    expect(references.filter((reference) => !there.has(reference))).toEqual([]);
  });
});

describe('the packs, by the reference validator', () => {
  it('have no fault either, as they are and redacted', async () => {
    const folders = ['pack', 'redacted'].map((name) => join(folder, name));
    const texts: string[] = [];
    for (const out of folders) {
      const files = (await readdir(out, { recursive: true })).filter((name) => /^\w+\/.*\.json$/.test(name)).sort();
      const seen = new Map<string, number>();
      for (const name of files) {
        const type = name.slice(0, name.indexOf('/'));
        seen.set(type, (seen.get(type) ?? 0) + 1);
        // the redacted pack is a large one; some of each type tell as much
        if ((seen.get(type) ?? 0) <= 5) texts.push(await readFile(join(out, name), 'utf8'));
      }
    }
    const profiles = existsSync(UK_CORE) ? UK_CORE : null;
    // a profile that is claimed and not at hand is an error
    const claimed = (text: string) =>
      JSON.stringify(JSON.parse(text), (key, value) => (key === 'profile' && profiles === null ? undefined : value));
    const found = await askOracle(texts.map(claimed), profiles);
    expect(found).toHaveLength(texts.length);
    expect(found.flat()).toEqual([]);
  }, 240_000);
});

describe('the switches of dual writes', () => {
  const by = ['--by', 'lead', '--reason', 'rehearsal'];
  const asked = () => tableSwitches(rig.open.pool, systemClock);
  const addTask = async (type: string): Promise<string> => {
    const [task] = await source<{ id: string }>(
      "insert into public.compliance_tasks (task_type, title, status) values ($1, 'Kit', 'open') returning id",
      type,
    );
    return task?.id ?? '';
  };
  const switchTo = async (type: string, state: 'on' | 'off') => {
    expect((await run('dual-write', 'set', type, state, ...by)).said).toMatchObject({ changed: true });
    // what a process knows may be a second old
    await new Promise((resolve) => setTimeout(resolve, 1_500));
  };
  const taskOf = async (legacyId: string) => {
    const [row] = await services<{ id: string; status: string; deleted: boolean }>(
      'select id, status, deleted_at is not null as deleted from compliance.task where legacy_id = $1',
      legacyId,
    );
    const events = await services<{ to_status: string }>(
      'select to_status from compliance.task_event where task_id = $1 order by source_lsn',
      row?.id ?? randomUUID(),
    );
    const resource = row ? await fhir(`Task/${row.id}`) : null;
    return { ...row, events: events.map(({ to_status }) => to_status), fhir: resource?.status };
  };

  it('keep a type from the new side while it is off, and lose nothing of it', async () => {
    const [before, goes] = [await addTask('kit_check'), await addTask('kit_check')];
    await rig.settled();
    expect(await taskOf(before)).toMatchObject({ status: 'open', fhir: 'requested', events: ['open'] });
    await switchTo('kit_check', 'off');
    const [during, other] = [await addTask('kit_check'), await addTask('other_check')];
    for (const status of ['pending', 'resolved'])
      await source('update public.compliance_tasks set status = $2 where id = any($1)', [before, during], status);
    await source('delete from public.compliance_tasks where id = $1', goes);
    await rig.settled();
    expect(await taskOf(other)).toMatchObject({ status: 'open', fhir: 'requested' });
    expect(await taskOf(before)).toMatchObject({ status: 'open', fhir: 'requested', events: ['open'] });
    expect(await taskOf(goes)).toMatchObject({ deleted: false, fhir: 'requested', events: ['open'] });
    expect(await taskOf(during)).toEqual({ events: [] });
    const { said } = await run('dual-write', 'ls');
    expect(said).toContainEqual(
      expect.objectContaining({ taskType: 'kit_check', isOn: false, tasks: 2, held: 3, changedBy: 'lead' }),
    );
    await switchTo('kit_check', 'on');
    await expect.poll(async () => (await taskOf(during)).fhir, { timeout: 20_000 }).toBe('completed');
    await rig.settled();
    for (const task of [before, during])
      expect(await taskOf(task)).toMatchObject({
        status: 'resolved',
        fhir: 'completed',
        events: ['open', 'pending', 'resolved'],
      });
    expect(await taskOf(goes)).toMatchObject({
      deleted: true,
      fhir: 'entered-in-error',
      events: ['open', 'deleted'],
    });
    expect(worker.child.exitCode).toBe(null);
  }, 90_000);

  it('hold for whoever asks, and every change is kept', async () => {
    expect(await asked().isOn('consent_expiry')).toBe(true);
    await switchTo('consent_expiry', 'off');
    expect(await asked().isOn('consent_expiry')).toBe(false);
    expect((await run('dual-write', 'set', 'consent_expiry', 'off', ...by)).said).toMatchObject({ changed: false });
    expect((await run('dual-write', 'is-on', 'consent_expiry')).code).toBe(1);
    expect((await run('dual-write', 'set', 'consent_expiry', 'on', ...by)).code).toBe(0);
    expect((await run('dual-write', 'is-on', 'consent_expiry')).code).toBe(0);
    expect((await rig.sluice('dual-write', 'set', 'x', 'maybe', ...by)).code).toBe(2);
    expect(
      await services("select is_on from compliance.dual_write_change where task_type = 'consent_expiry' order by seq"),
    ).toEqual([{ is_on: false }, { is_on: true }]);
    await expect(services('delete from compliance.dual_write_change')).rejects.toThrow('append-only');
  });
});

describe('the events of laboratory orders', () => {
  it('are whole; what comes late, out of order or not at all is shown', async () => {
    const [order] = await source<{ id: string }>(
      "insert into public.lab_orders (patient_full_name, order_status) values ('Ottilie Fennimore-Quill', 'results_reviewed') returning id",
    );
    const event = (type: string, status: string, occurred: string, created: string) =>
      source(
        `insert into public.lab_order_events (lab_order_id, event_type, event_status, occurred_at, created_at)
         values ($1, $2, $3, $4, $5)`,
        order?.id,
        ...[type, status, occurred, created],
      );
    await event('submitted', 'submitted', '2026-03-01T08:00:00Z', '2026-03-01T08:00:00Z');
    await event('status_update', 'results_received', '2026-03-01T10:00:00Z', '2026-03-01T10:00:00Z');
    await event('note', 'results_received', '2026-03-01T09:00:00Z', '2026-03-01T11:00:00Z');
    const { code, said } = await run('audit', 'gaps', '--wait', '60');
    expect(code).toBe(0);
    expect(said).toMatchObject({ whole: true, counts: { missing: 0, vanished: 0, orphan: 0 } });
    const [mine] = said.gaps.filter(
      ({ kind, detail }: Record<string, string>) => kind === 'reordered' && detail?.includes('3600'),
    );
    expect(mine).toBeDefined();
    const kinds = said.gaps
      .filter(({ order: one }: { order: string }) => one === mine.order)
      .map(({ kind }: { kind: string }) => kind);
    expect(kinds.sort()).toEqual(['reordered', 'silent_status', 'status_gap']);
    worker.child.kill('SIGSTOP');
    try {
      await event('status_update', 'results_reviewed', '2026-03-01T12:00:00Z', '2026-03-01T12:00:00Z');
      const behind = await run('audit', 'gaps', '--wait', '0', '--kind', 'missing');
      expect(behind.code).toBe(3);
      expect(behind.said.gaps).toEqual([{ kind: 'missing', event: expect.any(String), order: mine.order, detail: '' }]);
    } finally {
      worker.child.kill('SIGCONT');
    }
    expect((await run('audit', 'gaps', '--wait', '60')).code).toBe(0);
  });

  it('that are here and not at the source, or whose order is not here, are told as ours', async () => {
    const [known] = await services<{ lab_order: string }>(
      'select lab_order_legacy_id as lab_order from diagnostics.lab_order_event limit 1',
    );
    const add = (order: string | undefined) =>
      services(
        `insert into diagnostics.lab_order_event overriding system value select (jsonb_populate_record(e, jsonb_build_object(
           'seq', (random() * 1e12)::bigint, 'id', gen_random_uuid(), 'legacy_id', gen_random_uuid(), 'lab_order_legacy_id', $1::text))).*
         from diagnostics.lab_order_event e limit 1`,
        order,
      );
    await add(known?.lab_order);
    const vanished = await run('audit', 'gaps', '--wait', '0', '--kind', 'vanished');
    expect(vanished).toMatchObject({ code: 3, said: { whole: false, counts: { vanished: 1, orphan: 0, missing: 0 } } });
    expect(vanished.said.gaps).toHaveLength(1);
    await add(randomUUID());
    const orphan = await run('audit', 'gaps', '--wait', '0', '--kind', 'orphan');
    expect(orphan).toMatchObject({ code: 3, said: { counts: { vanished: 2, orphan: 1, missing: 0 } } });
    expect(orphan.said.gaps).toEqual([expect.objectContaining({ kind: 'orphan' })]);
  });
});

describe('the files of action plans', () => {
  const args = ['careplan', 'import', '--from', 's3://action-plans', '--to', 's3://plans/copied'] as const;
  const bytesOf = (path: string) => Buffer.from(`%PDF-1.7 ${path} ${'x'.repeat(5_000)}`);

  it('are copied, checked, and told of when they are missing; the missing ones are tried again', async () => {
    const [form] = await source<{ id: string }>('select id from public.submissions limit 1');
    const odd = `submissions/${form?.id}/1_x_Überblick +&=%20 (1).pdf`;
    const climbing = 'submissions/../../secret.pdf';
    const plain = ['plan.pdf', 'other.PDF', 'third.docx'].map((name) => `submissions/${form?.id}/${name}`);
    await source(
      'insert into public.action_plans (submission_id, storage_path) select $1, unnest($2::text[])',
      form?.id,
      [...plain, odd, climbing],
    );
    await rig.settled();
    const plans = await services<{ id: string; legacy_path: string }>(
      'select id, legacy_path from careplan.action_plan where deleted_at is null order by id',
    );
    const paths = plans.map(({ legacy_path }) => legacy_path).filter((path) => path !== climbing);
    const late = plain[0];
    for (const path of paths.filter((one) => one !== late))
      legacyStore.objects.set(`/action-plans/${path}`, bytesOf(path));
    const lacking = plans.filter(({ legacy_path }) => legacy_path === late || legacy_path === climbing).length;
    const first = await run(...args);
    expect(first.code, first.err).toBe(1);
    expect(first.said).toMatchObject({ plans: plans.length, copied: plans.length - lacking, damaged: [] });
    expect(first.said.missing).toHaveLength(lacking);
    const copied = await services<{ object_key: string; sha256: string; size_bytes: string }>(
      "select object_key, sha256, size_bytes from careplan.action_plan where copy_state = 'copied'",
    );
    expect(copied).toHaveLength(plans.length - lacking);
    for (const { object_key: key, sha256, size_bytes: size } of copied) {
      const stored = newStore.objects.get(`/plans/copied/${key}`) as Buffer;
      expect(stored.equals(bytesOf(key)), key).toBe(true);
      expect([createHash('sha256').update(stored).digest('hex'), String(stored.length)]).toEqual([sha256, size]);
    }
    await rig.settled();
    const documents = await services<{ id: string; legacy_path: string; copy_state: string }>(
      `select d.id, p.legacy_path, p.copy_state from careplan.action_plan p join sluice.document d
         on d.root = p.legacy_id::text and d.target = 'fhir.DocumentReference' where p.deleted_at is null limit 12`,
    );
    expect(documents.map(({ copy_state }) => copy_state)).toContain('copied');
    for (const { id, legacy_path: path, copy_state: state } of documents) {
      const resource = await fhir(`DocumentReference/${id}`);
      const { attachment } = (resource.content as { attachment: JsonObject }[])[0] ?? {};
      const bytes = bytesOf(path);
      const facts = { size: bytes.length, hash: createHash('sha1').update(bytes).digest('base64') };
      expect({ size: attachment?.size, hash: attachment?.hash }, state).toEqual(state === 'copied' ? facts : {});
    }
    legacyStore.objects.set(`/action-plans/${late}`, bytesOf(String(late)));
    await source('delete from public.action_plans where storage_path = $1', climbing);
    await rig.settled();
    const second = await run(...args);
    expect(second, second.err).toMatchObject({ code: 0, said: { missing: [], damaged: [] } });
    expect(second.said.plans).toBe(plans.filter(({ legacy_path }) => legacy_path === late).length);
    expect((await run(...args)).said).toMatchObject({ plans: 0 });
  });

  it('that are not in the new store what they were are found, and copied anew', async () => {
    const [plan] = await services<{ object_key: string }>(
      "select object_key from careplan.action_plan where copy_state = 'copied' and deleted_at is null order by id limit 1",
    );
    newStore.objects.set(`/plans/copied/${plan?.object_key}`, Buffer.from('another file'));
    const mended = await run(...args, '--verify');
    expect(mended.code, mended.err).toBe(0);
    expect(mended.said.copied).toBeGreaterThan(0);
    expect(newStore.objects.get(`/plans/copied/${plan?.object_key}`)).toEqual(bytesOf(String(plan?.object_key)));
  });

  it('that the new store keeps otherwise than they were sent count as damaged, never as copied', async () => {
    const [form] = await source<{ id: string }>('select id from public.submissions limit 1');
    const path = `submissions/${form?.id}/${randomUUID()}.pdf`;
    legacyStore.objects.set(`/action-plans/${path}`, bytesOf(path));
    await source('insert into public.action_plans (submission_id, storage_path) values ($1, $2)', form?.id, path);
    await rig.settled();
    spoil = (_, bytes) => bytes.subarray(1);
    const spoilt = await run(...args);
    spoil = null;
    expect(spoilt.code).toBe(1);
    expect(spoilt.said.damaged).toHaveLength(1);
    expect(await services('select copy_state from careplan.action_plan where legacy_path = $1', path)).toEqual([
      { copy_state: 'pending' },
    ]);
    expect((await run(...args)).code).toBe(0);
  });
});

describe('evidence for the gates, by the commands that make it', () => {
  const reports = { runsFolder: '', target: 'dynamodb', outDir: undefined } as const;
  /** One clause of a phase as it is judged now: PASS, or why not. */
  const clause = async (phase: string, name: string): Promise<string | undefined> => {
    const asked = { name: phase, now: Date.now(), reports };
    const { judgement } = await checkProfile(rig.config, rig.open.pool, asked);
    const found = judgement.checks.find(({ gate }) => gate === name);
    return found?.status === 'PASS' ? 'PASS' : found?.why;
  };
  const why = ['--by', 'dr bell', '--reason', 'read them'];
  beforeAll(() => rig.open.pool.query('delete from sluice.measurement where figure !~ $1', ['^cdc']));

  it('a dry run of all tables', async () => {
    expect(await clause('foundation', 'DRY_RUN_ALL_TABLES')).toBe('no evidence');
    const { said, err } = await run('migrate', 'supabase', '--dry-run');
    expect(said.tables, err).toHaveLength(12);
    expect(await clause('foundation', 'DRY_RUN_ALL_TABLES')).toBe('PASS');
    const parked = (said.flows as { parked: number }[]).reduce((sum, flow) => sum + flow.parked, 0);
    expect(await clause('foundation', 'DRY_RUN_NOTHING_PARKED')).toBe(parked === 0 ? 'PASS' : 'not as asked');
  });

  it('a pack of samples, and a name under it', async () => {
    expect(await clause('read-parity', 'FHIR_SAMPLES_VALID')).toBe('no evidence');
    const out = join(folder, 'signed');
    const { code, said, err } = await run('fhir', 'sample-pack', '--per-type', '1', '--out', out);
    expect(code, err + JSON.stringify(said.types)).toBe(0);
    // types of which nothing is there: those of files, unless the tests above have copied some
    const without = (said.types as { type: string; sampled: number }[]).filter(({ sampled }) => sampled === 0);
    const isWhole = without.length === 0;
    expect(await clause('read-parity', 'FHIR_SAMPLES_VALID')).toBe(isWhole ? 'PASS' : 'uncovered');
    expect(await clause('read-parity', 'FHIR_SAMPLES_SIGNED_OFF')).toBe('not as asked');
    const signed = await rig.sluice('gates', 'sign-off', '--samples', out, ...why);
    expect(signed.code, JSON.stringify({ without, said: signed.err })).toBe(isWhole ? 0 : 2);
    expect(await clause('read-parity', 'FHIR_SAMPLES_SIGNED_OFF')).toBe(isWhole ? 'PASS' : 'not as asked');
    console.log(`types without a sample: ${without.map(({ type }) => type).join(', ') || 'none'}`);
  });

  it('an archive that was read back, and one that is damaged', async () => {
    expect(await clause('decommission', 'ARCHIVE_VERIFIED')).toBe('no evidence');
    const place = join(folder, 'archive');
    const made = await rig.sluice('archive', 'supabase', '--to', place);
    expect(made.code, made.err).toBe(0);
    expect(await clause('decommission', 'ARCHIVE_VERIFIED')).toBe('no evidence');
    expect((await run('archive', 'verify', '--from', place)).code).toBe(0);
    expect(await clause('decommission', 'ARCHIVE_VERIFIED')).toBe('PASS');
    const [part = ''] = (await readdir(place, { recursive: true })).filter((name) => name.endsWith('.copy.gz'));
    await appendFile(join(place, part), 'x');
    expect((await run('archive', 'verify', '--from', place)).code).toBe(1);
    expect(await clause('decommission', 'ARCHIVE_VERIFIED')).toBe('not as asked');
  });

  it('legacy tables that are read-only, for two days, until somebody writes all the same', async () => {
    const clauses = async () =>
      Promise.all(
        ['LEGACY_READ_ONLY', 'LEGACY_NO_WRITES_48H', 'LEGACY_NO_WRITES'].map((name) => clause('full-cutover', name)),
      );
    expect(await clauses()).toEqual(['no evidence', 'no evidence', 'no evidence']);
    const frozen = await run('legacy', 'freeze', 'supabase', '--by', 'dr bell');
    expect(frozen.code, frozen.err).toBe(0);
    expect(await clauses()).toEqual(['PASS', 'not as asked', 'no evidence']);
    const proved = await run('legacy', 'verify', 'supabase');
    expect(proved.code, JSON.stringify(proved)).toBe(0);
    expect(await clauses()).toEqual(['PASS', 'not as asked', 'PASS']);
    // two days are not waited for: the record is told that it is so old
    await source(`update sluice_cdc.freeze set frozen_at = frozen_at - interval '48 hours' where unfrozen_at is null`);
    expect((await run('legacy', 'verify', 'supabase')).code).toBe(0);
    expect(await clauses()).toEqual(['PASS', 'PASS', 'PASS']);
    // a superuser, from whom nothing can be taken
    await source(
      `update public.partner_payouts set notes = 'written all the same' where id = (select min(id::text)::uuid from public.partner_payouts)`,
    );
    expect((await run('legacy', 'verify', 'supabase')).code).toBe(1);
    expect(await clauses()).toEqual(['not as asked', 'not as asked', 'not as asked']);
    expect((await run('legacy', 'unfreeze', 'supabase', '--by', 'dr bell')).code).toBe(0);
    expect(await clause('full-cutover', 'LEGACY_READ_ONLY')).toBe('not as asked');
  });
});
