import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { loadConfig } from '../../src/app/config.ts';
import { dynamoDbPlace } from '../../src/app/dynamodb.ts';
import type { JsonObject } from '../../src/core/index.ts';
import { TABLE_TARGETS } from '../../src/migrations/dos/index.ts';
import { createTables } from '../../src/sinks/dynamodb/index.ts';
import { idOfOdd, insertOddServices, ODD_SERVICES } from '../support/dos-odd-rows.ts';
import { dosDifferences, finalTables } from '../support/dos-oracle.ts';
import { dropTables, type Items, openItems } from '../support/dynamodb-items.ts';
import { type Rig, startRig, type WorkerProcess } from '../support/rig.ts';

let rig: Rig;
let worker: WorkerProcess;
let items: Items;

const same = async (): Promise<void> => expect(await dosDifferences(rig)).toEqual([]);

const sql = async (text: string, ...values: unknown[]): Promise<Record<string, unknown>[]> =>
  (await rig.source.query<Record<string, unknown>>(text, values)).rows;

const insert = async (table: string, row: Readonly<Record<string, unknown>>): Promise<number> => {
  const names = Object.keys(row);
  const [made] = await sql(
    `insert into pathwaysdos.${table} (${names.join(', ')}) values (${names.map((_, i) => `$${i + 1}`).join(', ')}) returning id`,
    ...Object.values(row),
  );
  return Number(made?.id);
};

/** The item of a service in one of the tables, as it is now. */
const itemOf = async (entity: string, uid: string): Promise<JsonObject | undefined> =>
  (await items.all(entity)).find((item) => item.identifier_oldDoS_uid === uid);

/** Waits until an item of a service looks like this. */
const becomes = (entity: string, uid: string, like: unknown) =>
  expect.poll(() => itemOf(entity, uid), { timeout: 20_000, interval: 200 }).toMatchObject(like as JsonObject);

const practice = (uid: string, over: Readonly<Record<string, unknown>> = {}) => ({
  uid,
  name: `GP: ${uid}`,
  odscode: 'A99901',
  publicname: `GP - ${uid} Surgery`,
  typeid: 100,
  statusid: 1,
  address: '4 Larkspur Row$Nether Moor$Cornwall',
  town: 'Penhallow',
  postcode: 'ZZ99 9ZZ',
  publicphone: '01632 960101',
  email: 'desk@larkspur.nhs.uk',
  latitude: 51.5,
  longitude: -0.25,
  ...over,
});
const chemist = (uid: string, odscode: string, over: Readonly<Record<string, unknown>> = {}) =>
  practice(uid, { typeid: 13, odscode, name: `${uid} Pharmacy`, publicname: `${uid} Pharmacy`, ...over });

beforeAll(async () => {
  rig = await startRig(inject('stack'), { migration: 'dos', rows: 60 });
  items = openItems(rig.config);
  worker = rig.startWorker();
}, 120_000);
const runs = mkdtempSync(join(tmpdir(), 'sluice-dos-runs-'));
afterAll(async () => {
  rmSync(runs, { recursive: true, force: true });
  await rig.close();
});

describe('the Directory of Services through Debezium, Kafka in Avro and DynamoDB', () => {
  it('carries the rows that were there before, each written once and whole', async () => {
    await same();
    const told = await items.all('version-history');
    expect(told.length).toBeGreaterThan(100);
    expect(told.filter(({ change_type: type }) => type !== 'CREATE')).toEqual([]);
    const alone = worker.log().match(/"code":"DM_ETL_012"/g);
    expect(alone).toHaveLength(1);
  });

  it('takes rows nobody would think of: nothing is half written, and a full sync makes the same of them', async () => {
    await insertOddServices(rig.source);
    await rig.settled();
    const { rows: aside } = await rig.open.pool.query<{ key: string; code: string }>(
      `select key, code from sluice.parked where pipeline = $1 and state = 'parked'
       union all select root, 'waiting' from sluice.waiting where pipeline = $1`,
      [rig.open.name],
    );
    const became = async (id: number): Promise<string> => {
      const state = `services#${id}`;
      if (await items.get('data-migration-state', { source_record_id: state })) return 'written';
      return aside.find(({ key }) => key === state || key === String(id))?.code ?? 'nothing';
    };
    const found = await Promise.all(ODD_SERVICES.map(async (odd) => [odd.what, await became(idOfOdd(odd))]));
    expect(found).toEqual(ODD_SERVICES.map(({ what, becomes }) => [what, becomes]));

    const workspace = `${rig.config.dynamodb.workspace}-full`;
    const place = dynamoDbPlace(loadConfig(inject('stack'), { ...rig.variables, SLUICE_WORKSPACE: workspace }), 'dos');
    try {
      await createTables({ ...place, targets: Object.values(TABLE_TARGETS) });
      const full = await rig.sluice('dos', 'migrate', '--workspace', workspace, '--json', '--runs-dir', runs);
      expect(full.code, full.err).toBe(0);
      const [streamed, synced] = [await finalTables(rig), await finalTables(rig, workspace)];
      expect(streamed.size).toBeGreaterThan(150);
      expect([...synced].filter(([name, item]) => streamed.get(name) !== item)).toEqual([]);
      expect([...streamed.keys()].filter((name) => !synced.has(name))).toEqual([]);
    } finally {
      await dropTables(place);
    }
    // what was put aside comes when its row is mended
    await sql(`update pathwaysdos.serviceendpoints set comment = 'short' where length(comment) > 400000`);
    await same();
  });

  it('carries traffic over every table', async () => {
    const done = await rig.sluice('traffic', 'dos', '--rate', '60', '--for', '8s', '--json');
    expect(done.code, done.err).toBe(0);
    await same();
  });

  it('takes what every transformer makes', async () => {
    await insert('services', practice('uid-gp', { odscode: 'A99902' }));
    await insert('services', practice('uid-ea', { typeid: 152, odscode: 'U99901', name: 'PCN: Evenings' }));
    await insert('services', chemist('uid-ph', 'FZZ01'));
    await insert('services', chemist('uid-ds', 'FZZ02', { typeid: 134 }));
    const linked = {
      'uid-bp': [148, 'BPS', 'BP: '],
      'uid-co': [149, 'CON', 'Contraception: '],
      'uid-pf': [132, 'M06', 'PF++: '],
    };
    for (const [uid, [typeid, suffix, name]] of Object.entries(linked))
      await insert('services', chemist(uid, `FZZ01${suffix}`, { typeid, name: `${name}${uid}` }));
    const kinds = {
      'uid-gp': 'GP Consultation Service',
      'uid-ea': 'Primary Care Network Enhanced Access Service',
      'uid-ph': 'Essential Services',
      'uid-ds': 'Essential Services',
      'uid-bp': 'Blood Pressure Check',
      'uid-co': 'Oral Contraception Prescription and Supply',
      'uid-pf': 'Pharmacy First',
    };
    for (const [uid, type] of Object.entries(kinds))
      await becomes('healthcare-service', uid, { type, status: 'active' });
    const [organisation, location] = [await itemOf('organisation', 'uid-ph'), await itemOf('location', 'uid-ph')];
    expect(organisation).toMatchObject({ type: 'Community Pharmacy', createdBy: { value: 'INTERNAL001' } });
    for (const uid of Object.keys(linked))
      expect(await itemOf('healthcare-service', uid)).toMatchObject({
        providedBy: organisation?.id as string,
        location: location?.id as string,
      });
    // the index of a service that stands by itself is left out
    expect(Object.keys((await itemOf('healthcare-service', 'uid-ea')) ?? {})).not.toContain('providedBy');
    await same();
  });

  describe('follows a service through', () => {
    let one: number;
    let other: number;
    beforeAll(async () => {
      one = await insert('services', practice('uid-one', { odscode: 'A99911' }));
      other = await insert('services', practice('uid-two', { odscode: 'A99912' }));
    });

    it('its own columns', async () => {
      for (const uid of ['uid-one', 'uid-two']) await becomes('healthcare-service', uid, { status: 'active' });
      await sql(`update pathwaysdos.services set web = 'https://new.example/', email = 'nobody' where id = $1`, one);
      await becomes('healthcare-service', 'uid-one', { telecom: { web: 'https://new.example/', email: null } });
    });

    it('endpoints: made, changed, moved to another service, deleted', async () => {
      const row = { serviceid: one, endpointorder: 1, transport: 'itk', format: 'CDA', businessscenario: 'Primary' };
      const id = await insert('serviceendpoints', { ...row, address: 'https://a.example/', interaction: 'urn:a' });
      await becomes('organisation', 'uid-one', { endpoints: [{ order: 1, identifier_oldDoS_id: id }] });
      await sql('update pathwaysdos.serviceendpoints set endpointorder = 2 where id = $1', id);
      await becomes('organisation', 'uid-one', { endpoints: [{ order: 2 }] });
      await sql('update pathwaysdos.serviceendpoints set serviceid = $2 where id = $1', id, other);
      await becomes('organisation', 'uid-one', { endpoints: [] });
      await becomes('organisation', 'uid-two', { endpoints: [{ order: 2 }] });
      await sql('delete from pathwaysdos.serviceendpoints where id = $1', id);
      await becomes('organisation', 'uid-two', { endpoints: [] });
    });

    it('hours of the week: made, changed, of another day, moved, deleted', async () => {
      const id = await insert('servicedayopenings', { serviceid: one, dayid: 1 });
      const time = await insert('servicedayopeningtimes', {
        servicedayopeningid: id,
        starttime: '08:00',
        endtime: '18:00',
      });
      const monday = { category: 'availableTime', dayOfWeek: 'mon', startTime: '08:00:00', endTime: '18:00:00' };
      await becomes('healthcare-service', 'uid-one', { openingTime: [monday] });
      await sql(`update pathwaysdos.servicedayopeningtimes set endtime = '24:00' where id = $1`, time);
      await becomes('healthcare-service', 'uid-one', { openingTime: [{ ...monday, endTime: '00:00:00' }] });
      await sql('update pathwaysdos.servicedayopenings set dayid = 8 where id = $1', id);
      await becomes('healthcare-service', 'uid-one', { openingTime: [{ category: 'availableTimePublicHolidays' }] });
      await sql('update pathwaysdos.servicedayopenings set serviceid = $2 where id = $1', id, other);
      await becomes('healthcare-service', 'uid-one', { openingTime: [] });
      await becomes('healthcare-service', 'uid-two', { openingTime: [{ endTime: '00:00:00' }] });
      const again = await insert('servicedayopenings', { serviceid: one, dayid: 3 });
      await sql('update pathwaysdos.servicedayopeningtimes set servicedayopeningid = $2 where id = $1', time, again);
      await becomes('healthcare-service', 'uid-two', { openingTime: [] });
      await becomes('healthcare-service', 'uid-one', { openingTime: [{ dayOfWeek: 'wed' }] });
      await sql('delete from pathwaysdos.servicedayopenings where id = $1', again);
      await becomes('healthcare-service', 'uid-one', { openingTime: [] });
    });

    it('single dates: made, changed, moved, deleted', async () => {
      const id = await insert('servicespecifiedopeningdates', { serviceid: one, date: '2026-12-25' });
      const at = { servicespecifiedopeningdateid: id, starttime: '00:00', endtime: '00:00' };
      const time = await insert('servicespecifiedopeningtimes', { ...at, isclosed: true });
      const closed = { category: 'notAvailable', startTime: '2026-12-25T00:00:00' };
      await becomes('healthcare-service', 'uid-one', { openingTime: [closed] });
      await sql(`update pathwaysdos.servicespecifiedopeningtimes set isclosed = false where id = $1`, time);
      await becomes('healthcare-service', 'uid-one', { openingTime: [{ category: 'availableTimeVariations' }] });
      await sql(`update pathwaysdos.servicespecifiedopeningdates set date = '2026-12-26' where id = $1`, id);
      await becomes('healthcare-service', 'uid-one', { openingTime: [{ startTime: '2026-12-26T00:00:00' }] });
      await sql('update pathwaysdos.servicespecifiedopeningdates set serviceid = $2 where id = $1', id, other);
      await becomes('healthcare-service', 'uid-two', { openingTime: [{ startTime: '2026-12-26T00:00:00' }] });
      await becomes('healthcare-service', 'uid-one', { openingTime: [] });
      await sql('delete from pathwaysdos.servicespecifiedopeningtimes where id = $1', time);
      await becomes('healthcare-service', 'uid-two', { openingTime: [] });
    });

    it('pairs, dispositions and ages: made, changed, moved, deleted', async () => {
      const pair = await insert('servicesgsds', { serviceid: one, sgid: 1001, sdid: 4001 });
      const disposition = await insert('servicedispositions', { serviceid: one, dispositionid: 1 });
      const age = await insert('serviceagerange', { serviceid: one, daysfrom: 0, daysto: 364.25 });
      await becomes('healthcare-service', 'uid-one', {
        symptomGroupSymptomDiscriminators: [{ sg: 1001, sd: 4001 }],
        dispositions: [expect.stringMatching(/^DX/)],
        ageEligibilityCriteria: [{ rangeFrom: '0', rangeTo: '364.25' }],
      });
      await sql('update pathwaysdos.servicesgsds set sdid = 4002 where id = $1', pair);
      await sql('update pathwaysdos.serviceagerange set daysto = 5840 where id = $1', age);
      await becomes('healthcare-service', 'uid-one', {
        symptomGroupSymptomDiscriminators: [{ sg: 1001, sd: 4002 }],
        ageEligibilityCriteria: [{ rangeTo: '5840' }],
      });
      for (const [table, id] of [
        ['servicesgsds', pair],
        ['servicedispositions', disposition],
        ['serviceagerange', age],
      ] as const)
        await sql(`update pathwaysdos.${table} set serviceid = $2 where id = $1`, id, other);
      const none = { symptomGroupSymptomDiscriminators: [], dispositions: [], ageEligibilityCriteria: null };
      await becomes('healthcare-service', 'uid-one', none);
      await becomes('healthcare-service', 'uid-two', { symptomGroupSymptomDiscriminators: [{ sd: 4002 }] });
      await sql('delete from pathwaysdos.servicesgsds where id = $1', pair);
      await sql('delete from pathwaysdos.servicedispositions where id = $1', disposition);
      await sql('delete from pathwaysdos.serviceagerange where id = $1', age);
      await becomes('healthcare-service', 'uid-two', none);
    });

    it('lookups', async () => {
      const disposition = await insert('dispositions', { name: 'Wait', dxcode: 'DX990' });
      await insert('servicedispositions', { serviceid: one, dispositionid: disposition });
      const day = await insert('openingtimedays', { name: 'Tuesday' });
      const opening = await insert('servicedayopenings', { serviceid: one, dayid: day });
      await insert('servicedayopeningtimes', { servicedayopeningid: opening, starttime: '09:00', endtime: '10:00' });
      await becomes('healthcare-service', 'uid-one', { dispositions: ['DX990'], openingTime: [{ dayOfWeek: 'tue' }] });
      await sql(`update pathwaysdos.dispositions set dxcode = 'DX991' where id = $1`, disposition);
      await sql(`update pathwaysdos.openingtimedays set name = 'Sunday' where id = $1`, day);
      await becomes('healthcare-service', 'uid-one', { dispositions: ['DX991'], openingTime: [{ dayOfWeek: 'sun' }] });
      await sql('delete from pathwaysdos.dispositions where id = $1', disposition);
      await becomes('healthcare-service', 'uid-one', { dispositions: [] });
    });

    it('another id: what was is closed, and made under the new one', async () => {
      const old = await insert('services', practice('uid-key', { odscode: 'A99913' }));
      const isActive = (id: number, active: boolean) =>
        expect
          .poll(() => items.get('data-migration-state', { source_record_id: `services#${id}` }), { timeout: 20_000 })
          .toMatchObject({ organisation: { active } });
      await isActive(old, true);
      await sql('update pathwaysdos.services set id = 800001 where id = $1', old);
      await isActive(800_001, true);
      await isActive(old, false);
    });

    it('its end: closed, opened again, and closed by the deletion of its row', async () => {
      await sql('update pathwaysdos.services set statusid = 2 where id = $1', other);
      await becomes('healthcare-service', 'uid-two', { status: 'inactive' });
      await sql('update pathwaysdos.services set statusid = 1 where id = $1', other);
      await becomes('organisation', 'uid-two', { active: true });
      await sql('delete from pathwaysdos.services where id = $1', other);
      await becomes('organisation', 'uid-two', { active: false });
      await same();
    });
  });

  it('takes a linked service to the pharmacy it names, before or after that one is there', async () => {
    const id = await insert('services', chemist('uid-early', 'FZZ77BPS', { typeid: 148, name: 'BP: Early' }));
    await rig.settled();
    expect(await itemOf('healthcare-service', 'uid-early')).toBeUndefined();
    await insert('services', chemist('uid-late', 'FZZ77'));
    await becomes('organisation', 'uid-late', { active: true });
    await becomes('healthcare-service', 'uid-early', { providedBy: (await itemOf('organisation', 'uid-late'))?.id });
    await sql(`update pathwaysdos.services set odscode = 'FZZ01BPS' where id = $1`, id);
    await becomes('healthcare-service', 'uid-early', { providedBy: (await itemOf('organisation', 'uid-ph'))?.id });
    await same();
  });

  describe('follows the codes of triage', () => {
    const code = (id: string, field = 'item') => items.get('triage-code', { id, field });
    const reads = (id: string, like: unknown, field = 'item') =>
      expect.poll(() => code(id, field), { timeout: 20_000, interval: 200 }).toMatchObject(like as JsonObject);

    it('made, renamed, linked, and parted again', async () => {
      await insert('symptomgroups', { id: 9001, name: 'Sore wing', zcodeexists: true });
      await insert('symptomdiscriminators', { id: 9101, description: 'PW Feathers' });
      const synonym = await insert('symptomdiscriminatorsynonyms', { name: 'plumage', symptomdiscriminatorid: 9101 });
      const link = await insert('symptomgroupsymptomdiscriminators', {
        symptomgroupid: 9001,
        symptomdiscriminatorid: 9101,
      });
      await reads('SG9001', { source: 'servicefinder', codeValue: 'Sore wing', createdBy: { value: 'SYSTEM' } });
      await reads('SD9101', { codeValue: 'PW Feathers', synonyms: ['plumage'] });
      await reads('SG9001', { combinations: [{ id: 'SD9101', value: 'PW Feathers' }] }, 'combinations');
      await sql(`update pathwaysdos.symptomdiscriminators set description = 'PW Down' where id = 9101`);
      await sql('delete from pathwaysdos.symptomdiscriminatorsynonyms where id = $1', synonym);
      await reads('SD9101', { codeValue: 'PW Down', synonyms: [] });
      await reads('SG9001', { combinations: [{ value: 'PW Down' }] }, 'combinations');
      // rows that go over to others
      await insert('symptomgroups', { id: 9003, name: 'Sore beak' });
      await insert('symptomdiscriminators', { id: 9102, description: 'PW Claws' });
      const other = await insert('symptomdiscriminatorsynonyms', { name: 'talons', symptomdiscriminatorid: 9101 });
      await reads('SD9101', { synonyms: ['talons'] });
      await sql(
        'update pathwaysdos.symptomdiscriminatorsynonyms set symptomdiscriminatorid = 9102 where id = $1',
        other,
      );
      await reads('SD9101', { synonyms: [] });
      await reads('SD9102', { synonyms: ['talons'] });
      await sql('update pathwaysdos.symptomgroupsymptomdiscriminators set symptomgroupid = 9003 where id = $1', link);
      await reads('SG9001', { combinations: [] }, 'combinations');
      await reads('SG9003', { combinations: [{ id: 'SD9101' }] }, 'combinations');
      await sql('update pathwaysdos.symptomgroupsymptomdiscriminators set symptomgroupid = 9001 where id = $1', link);
      await reads('SG9001', { combinations: [{ id: 'SD9101' }] }, 'combinations');
      await sql('delete from pathwaysdos.symptomgroupsymptomdiscriminators where id = $1', link);
      await reads('SG9001', { combinations: [], createdBy: { value: 'SYSTEM' } }, 'combinations');
    });

    it('a group without discriminators is noted, and a row that cannot be stored keeps nobody back', async () => {
      await insert('symptomgroups', { id: 9002, name: 'Alone' });
      await insert('dispositions', { name: 'Without a code' });
      await insert('dispositions', { name: 'Blank', dxcode: '' });
      await insert('dispositions', { name: 'After them', dxcode: 'DX992', dispositiontime: 30 });
      await reads('DX992', { codeValue: 'After them', time: 30 });
      await reads('SG9002', { codeValue: 'Alone' });
      expect(await code('SG9002', 'combinations')).toBeUndefined();
      const noted = await rig.open.pool.query(
        `select issues->0->>'code' as code from sluice.root_issue where flow = 'symptom_groups' and root = '9002'`,
      );
      expect(noted.rows).toEqual([{ code: 'DM_ETL_012' }]);
      await same();
    });
  });

  it('says what it does: on each line the run, the place and the record, and in metrics how often', async () => {
    const lines = worker
      .log()
      .split('\n')
      .flatMap((line) => (line.includes('DM_ETL_') ? [JSON.parse(line) as JsonObject] : []));
    const found = new Set(lines.map(({ code }) => String(code).replace('DM_ETL_', '')));
    const wanted = ['000', '003', '004', '005', '007', '012', '013', '017', '019', '020', '021', '024', '026', '028'];
    expect([...wanted, '030', '034', '035', '036', '038'].filter((code) => !found.has(code))).toEqual([]);
    const { environment, workspace } = rig.config.dynamodb;
    const [run] = lines;
    for (const line of lines) expect(line).toMatchObject({ run_id: run?.run_id, environment, workspace });
    const [service] = await sql(`select id from pathwaysdos.services where uid = 'uid-gp'`);
    const own = lines.filter(({ record_id: record }) => record === String(service?.id));
    expect(new Set(own.map(({ correlationId }) => correlationId)).size).toBe(1);
    expect(own.find(({ code }) => code === 'DM_ETL_035')).toMatchObject({ detail: { version: 1 } });
    const metrics = await (await fetch(`http://127.0.0.1:${worker.port}/metrics`)).text();
    expect(metrics).toMatch(/sluice_notes_total\{[^}]*flow="services",code="DM_ETL_001"\} [1-9]/);
    expect(metrics).toMatch(/sluice_record_seconds_count\{[^}]*flow="services"\} [1-9]/);
    worker.child.kill('SIGTERM');
    expect(await worker.exited).toBe(0);
    const last = worker
      .log()
      .split('\n')
      .find((line) => line.includes('DM_ETL_999'));
    expect(JSON.parse(last ?? '{}')).toMatchObject({ detail: { metrics: { inserted: expect.any(Number) } } });
    worker = rig.startWorker();
  });

  it('changes nothing when the topics are replayed', async () => {
    await rig.settled();
    const versions = async () =>
      (await items.all('data-migration-state'))
        .map((state) => [state.source_record_id, state.version, state.sluice_revision])
        .sort();
    const before = await versions();
    const entries = (await items.all('version-history')).length;
    const replay = await rig.sluice('replay', 'dos', '--from-beginning', '--json');
    expect(replay.code, replay.err).toBe(0);
    await same();
    expect(await versions()).toEqual(before);
    expect(await items.all('version-history')).toHaveLength(entries);
  });

  it('would notice a difference: the check is no rubber stamp', async () => {
    const item = await itemOf('organisation', 'uid-ph');
    const key = { id: { S: String(item?.id) }, field: { S: 'document' } };
    await items.client.call('UpdateItem', {
      TableName: items.named('organisation'),
      Key: key,
      UpdateExpression: 'SET active = :no',
      ExpressionAttributeValues: { ':no': { BOOL: false } },
    });
    const found = await dosDifferences(rig);
    expect(found).toHaveLength(2);
    expect(found[0]).toMatch(/^dynamodb.organisation .*: active$/);
    expect(worker.child.exitCode).toBeNull();
  });
});
