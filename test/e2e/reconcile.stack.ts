import type { ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { DigestEngine, type DigestRound, digestCoverage } from '../../src/app/reconcile/digest.ts';
import type { digestView } from '../../src/app/reconcile/figures.ts';
import { type OpenReconcileParts, openParts } from '../../src/app/reconcile/parts.ts';
import { recheckOpen } from '../../src/app/reconcile/recheck.ts';
import { type Round, scanRound } from '../../src/app/reconcile/round.ts';
import { StreamEngine } from '../../src/app/reconcile/stream.ts';
import { openReader } from '../../src/app/wire.ts';
import { type Finding, type JsonObject, silentLog } from '../../src/core/index.ts';
import { unfailed } from '../support/reconciling.ts';
import { type Rig, startRig } from '../support/rig.ts';

let rig: Rig;
let parts: OpenReconcileParts;
let worker: ChildProcess;
let digest: DigestEngine;

const never = new AbortController().signal;
const scan = (flows?: readonly string[]): Promise<Round> =>
  scanRound(parts, {
    flows: rig.open.migration.flows.filter(({ name }) => flows === undefined || flows.includes(name)),
    signal: never,
  }).then(unfailed);

const digestRound = (): Promise<DigestRound> => digest.round({ flows: rig.open.migration.flows, signal: never });

const sql = async (text: string, ...values: unknown[]): Promise<Record<string, string>[]> =>
  (await rig.open.pool.query<Record<string, string>>(text, values)).rows;

type Row = Record<string, string>;

/** What capture cannot tell, a null from the column's constant default (docs/supabase.md): a true finding, and none of these tests'. */
const isOfCapture = ({ target, differences }: Finding): boolean =>
  target === 'source:public.lab_orders' && differences.every(({ path }) => path === 'priority');

/** The other findings that stand; a root that is parked by its rule is no divergence. */
const told = async (): Promise<readonly Finding[]> =>
  (await parts.store.list({ states: ['confirmed', 'repaired'], limit: 1_000 })).filter(
    (finding) => finding.kind !== 'unmappable' && !isOfCapture(finding),
  );

const fifth = (rows: readonly Row[]): Row => rows[4] as Row;

const LEAST = '00000000-0000-0000-0000-000000000001';
const MOST = 'ffffffff-ffff-4fff-bfff-ffffffffffff';

/** A write by somebody else, past all guards. */
async function change(type: string, id: string, make: (resource: JsonObject) => JsonObject): Promise<void> {
  const url = `${rig.config.fhir}/${type}/${id}`;
  const resource = (await (await fetch(url)).json()) as JsonObject;
  const headers = { 'content-type': 'application/fhir+json' };
  const done = await fetch(url, { method: 'PUT', headers, body: JSON.stringify(make(resource)) });
  expect(done.status).toBe(200);
}

/** CPU seconds of this process and of what serves this database. */
async function spent<T>(work: () => Promise<T>): Promise<[T, number]> {
  const before = await cpuSeconds();
  const answer = await work();
  return [answer, (await cpuSeconds()) - before];
}

async function cpuSeconds(): Promise<number> {
  const { user, system } = process.cpuUsage();
  const backends = await sql(
    `select pid::text from pg_stat_activity where application_name like 'sluice%' and datname like $1`,
    `${rig.config.prefix}%`,
  );
  let seconds = (user + system) / 1e6;
  for (const { pid } of backends) {
    // elsewhere than on this machine it is not told
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    seconds += (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / 100;
  }
  return seconds;
}

const compared = ({ flows }: Round): number => [...flows.values()].reduce((sum, one) => sum + one.compared, 0);

const rowsOf = ({ flows }: DigestRound): number => [...flows.values()].reduce((sum, { rows }) => sum + rows, 0);

beforeAll(async () => {
  rig = await startRig(inject('stack'), { rows: 15 });
  worker = rig.startWorker().child;
  parts = await openParts(rig.config, 'supabase', rig.open, [], silentLog);
  digest = new DigestEngine(parts);
}, 120_000);
afterAll(async () => {
  await parts.close();
  await rig.close();
});

describe('reconciliation over Debezium, PostgreSQL and FHIR', () => {
  it('finds nothing while everything moves, however late it is', async () => {
    const source = openReader(rig.config, rig.open.migration, `sluice.reconcile.${rig.open.name}`, silentLog);
    const stream = new StreamEngine(parts, source.client, source.decoder);
    await stream.start();
    const traffic = rig.sluice('traffic', 'supabase', '--rate', '20', '--for', '12s', '--json');
    let isOver = false;
    const done = traffic.then((result) => {
      isOver = true;
      return result;
    });
    const streaming = (async () => {
      while (!isOver) {
        await stream.round(never);
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    })();
    let [comparisons, added] = [0, 0];
    let lagged = false;
    while (!isOver) {
      // what is frozen is late with everything it has taken
      if (!lagged) {
        worker.kill('SIGSTOP');
        setTimeout(() => worker.kill('SIGCONT'), 3_000);
        lagged = true;
      }
      comparisons += compared(await scan());
      added += rowsOf(await digestRound());
    }
    await streaming;
    await stream.close();
    expect((await done).code).toBe(0);
    // while what is left over is worked off
    comparisons += compared(await scan());
    comparisons += stream.figures.compared;
    console.log(`${comparisons} comparisons, ${stream.figures.compared} of them by the stream engine`);
    expect(comparisons).toBeGreaterThan(300);
    expect(added).toBeGreaterThan(100);
    expect(stream.figures.compared).toBeGreaterThan(20);
    expect(await told()).toEqual([]);
  });

  it('compares everything when nothing moves', async () => {
    await rig.settled();
    const round = await scan();
    expect(await told()).toEqual([]);
    for (const [flow, tally] of round.flows) expect({ flow, ...tally }).toMatchObject({ hot: 0, countsDiffer: 0 });
    expect(compared(round)).toBeGreaterThan(200);
  });

  it('adds everything up when nothing moves, for less than a scan costs', async () => {
    await rig.settled();
    await digestRound();
    const round = await digestRound();
    // of these the scan and the digest read the same
    const tables = rig.open.migration.flows.filter(({ targets }) => targets.every(({ kind }) => kind === 'postgres'));
    const [added, cost] = await spent(() => digest.round({ flows: tables, signal: never }));
    const [scanned, scanCost] = await spent(() => scan(tables.map(({ name }) => name)));
    const rate = (n: number, seconds: number): string => `${seconds.toFixed(2)} CPU s, ${Math.round(n / seconds)}/s`;
    console.log(
      `${tables.length} flows; digest: ${rowsOf(added)} rows, ${rate(rowsOf(added), cost)}; ` +
        `scan: ${compared(scanned)} documents, ${rate(compared(scanned), scanCost)}`,
    );
    expect(cost).toBeLessThan(scanCost);
    for (const [flow, tally] of round.flows) {
      expect({ flow, ...tally }).toMatchObject({ differing: 0, looked: 0 });
      // what a rule cannot map, and the documents made of it
      expect(digestCoverage(tally)).toBeGreaterThan(0.8);
    }
    expect(round).toMatchObject({ whole: true, workedOut: 0 });
    expect(rowsOf(round)).toBeGreaterThan(100);
    const drifted = await sql(
      `select target, bucket from sluice.digest_bucket b full join
         (select target, place >> 52 as bucket, count(*) as n, sum(a) as a, sum(b) as b from sluice.digest_document
          where a is not null group by 1, 2) e using (target, bucket)
       where (coalesce(b.n, 0), coalesce(b.a, 0), coalesce(b.b, 0)) is distinct from
         (coalesce(e.n, 0), coalesce(e.a, 0), coalesce(e.b, 0))`,
    );
    expect(drifted).toEqual([]);
  });

  it('finds what was done to tables by their totals alone, at the edges of buckets and keys, too', async () => {
    const rows = await sql(
      `select l.id::text, l.patient_name from partnerops.label_queue l join sluice.digest_document d
         on d.target = 'partnerops.label_queue' and d.id = l.id::text
       order by d.place & ((1::bigint << 52) - 1)`,
    );
    const byId = rows.toSorted((x, y) => (String(x.id) < String(y.id) ? -1 : 1)).map(({ id }) => id);
    // next to the edges of their buckets
    const edges = [rows[0], rows.at(-1)].map((row) => String(row?.id));
    const [lost, last] = [
      byId.find((id) => !edges.includes(String(id))),
      byId.findLast((id) => !edges.includes(String(id))),
    ];
    const [one, other] = rows.filter(({ id }) => ![...edges, lost, last].includes(id)) as [Row, Row];
    await sql(`update partnerops.label_queue set patient_name = 'Somebody Else' where id::text = any($1)`, edges);
    await sql(
      `update partnerops.label_queue l set patient_name = o.name from (values ($1::uuid, $4), ($3::uuid, $2)) o(id, name)
       where l.id = o.id`,
      ...[one.id, one.patient_name, other.id, `${other.patient_name}`],
    );
    expect(one.patient_name).not.toBe(other.patient_name);
    await sql('delete from partnerops.label_queue where id::text = any($1)', [lost, last]);
    await sql(`insert into scheduling.location (id, name) values ($1, 'Nowhere'), ($2, 'Beyond')`, LEAST, MOST);
    const round = await digestRound();
    expect(round.flows.get('partner_label_queue')).toMatchObject({ differing: 6 });
    const found = await told();
    expect(found.every(({ engine }) => engine === 'digest')).toBe(true);
    const names = found
      .filter(({ kind }) => kind !== 'rogue')
      .map(({ key, kind, differences }) => `${key} ${kind} ${differences[0]?.path}`);
    expect(names.sort()).toEqual(
      [
        ...[...edges, one.id, other.id].map((id) => `${id} value patient_name`),
        ...[lost, last].map((id) => `${id} missing `),
        ...[LEAST, MOST].map((id) => `${id} extra `),
      ].sort(),
    );
    await sql('delete from scheduling.location where id = any($1::uuid[])', [LEAST, MOST]);
    for (const { id, root } of found) if (root !== '') expect(await parts.store.repair(id, 'A N Other')).toBe(true);
    await rig.settled();
    await recheckOpen(parts, 'recheck');
    expect(await told()).toEqual([]);
    // another process: it works everything out anew
    const once = ['--once', '--engines', 'digest', '--without', 'fhir', '--json'];
    const after = await rig.sluice('reconcile', 'run', 'supabase', ...once);
    // findings that are none of these tests' are open
    expect([0, 3], after.err).toContain(after.code);
    const { engine, whole, flows } = JSON.parse(after.out) as ReturnType<typeof digestView>;
    expect({ engine, whole }).toEqual({ engine: 'digest', whole: true });
    for (const flow of flows) expect(flow).toMatchObject({ differing: 0 });
    const label = flows.find(({ flow }) => flow === 'partner_label_queue');
    expect(label).toMatchObject({ rows: rows.length, coverage: 1 });
  });

  it('looks at what was landed and never derived', async () => {
    const landed = `sluice."landed__${rig.open.name}__public__partner_label_queue"`;
    const [row] = (await sql(`select key, image from ${landed} where not deleted order by key limit 1`)) as [Row];
    const names = `jsonb_set(image::jsonb, '{patient_name}', '"A Name"')::text`;
    await sql(`update ${landed} set image = ${names} where key = $1`, row.key);
    await digestRound();
    expect((await told()).map(({ root, kind, engine }) => ({ root, kind, engine }))).toContainEqual({
      ...{ root: row.key, kind: 'stale', engine: 'digest' },
    });
    await sql(`update ${landed} set image = $2 where key = $1`, row.key, row.image);
    await digestRound();
    await recheckOpen(parts, 'recheck');
    expect(await told()).toEqual([]);
  });

  it('finds what was done to the targets, by kind and path, within one scan', async () => {
    const labels = await sql(
      'select id, patient_name, to_jsonb(l)::text as row from partnerops.label_queue l order by id',
    );
    const [first, second, third, fourth] = labels as [Row, Row, Row, Row];
    const last = labels.at(-1) as Row;
    expect(labels.length).toBeGreaterThan(5);
    // what it was is known from the scan before; what it is now comes from the source
    await rig.source.query(
      `update public.partner_label_queue set patient_name = 'Invented Person' where id =
         (select id from public.partner_label_queue where id::text = $1)`,
      [(await sql('select legacy_id::text as id from partnerops.label_queue where id = $1', fourth.id))[0]?.id ?? ''],
    );
    await rig.settled();
    await scan(['partner_label_queue']);

    await sql(`update partnerops.label_queue set patient_name = 'Somebody Else' where id = $1`, second.id);
    await sql(
      `update partnerops.label_queue l set patient_name = o.name from (values ($1::uuid, $4), ($3::uuid, $2)) o(id, name)
      where l.id = o.id`,
      third.id,
      third.patient_name,
      fifth(labels).id,
      `${fifth(labels).patient_name}`,
    );
    await sql('delete from partnerops.label_queue where id = any($1::uuid[])', [first.id, last.id]);
    await sql(
      `update partnerops.label_queue l set patient_name = o.patient_name, row_hash = o.row_hash
       from jsonb_populate_record(null::partnerops.label_queue, $1) o where l.id = o.id`,
      fourth.row,
    );
    await sql(`insert into scheduling.location (id, name) values ($1, 'Nowhere'), ($2, 'Beyond')`, LEAST, MOST);
    const [request] = (
      await rig.open.pool.query<{ id: string; content: JsonObject }>(
        `select id, content from sluice.document where target = 'fhir.ServiceRequest' and not gone order by id limit 1`,
      )
    ).rows;
    await change('ServiceRequest', String(request?.id), (resource) => ({
      ...resource,
      priority: resource.priority === 'stat' ? 'asap' : 'stat',
    }));
    const [other] = (await sql(
      `select id from sluice.document where target = 'fhir.ServiceRequest' and not gone and id <> $1 order by id limit 1`,
      request?.id,
    )) as [Row];
    await change('ServiceRequest', String(other.id), ({ extension: _, ...resource }) => resource);

    await scan();
    const found = (await told()).map(({ target, key, kind, differences }) => ({
      target,
      key,
      kind,
      path: differences[0]?.path,
    }));
    const label = { target: 'partnerops.label_queue', path: 'patient_name' };
    const of = (key: string | undefined, kind: string) => ({ ...label, key, kind });
    const whole = (key: string | undefined, kind: string, target = label.target) => ({ target, key, kind, path: '' });
    expect(found).toEqual(
      expect.arrayContaining([
        of(second.id, 'value'),
        of(second.id, 'rogue'),
        of(third.id, 'value'),
        of(fifth(labels).id, 'value'),
        of(fourth.id, 'stale'),
        whole(first.id, 'missing'),
        whole(last.id, 'missing'),
        whole(LEAST, 'extra', 'scheduling.location'),
        whole(MOST, 'extra', 'scheduling.location'),
        { target: 'fhir.ServiceRequest', key: request?.id, kind: 'value', path: 'priority' },
      ]),
    );
    expect(found.filter(({ key }) => key === other.id).map(({ kind }) => kind)).toEqual(['rogue']);
    const planted = new Set([first, second, third, fourth, fifth(labels), last, request, other].map((row) => row?.id));
    expect(found.filter(({ key }) => !planted.has(key) && key !== LEAST && key !== MOST)).toEqual([]);
    expect(JSON.stringify(await told())).not.toContain('Somebody');
  });

  it('repairs by ordinary writes, looks again, and lets others stand', async () => {
    const before = await told();
    const strange = before.find(({ kind, target }) => kind === 'rogue' && target === 'fhir.ServiceRequest');
    const accepted = await rig.sluice(
      'reconcile',
      'accept',
      String(strange?.id),
      '--by',
      'A N Other',
      '--reason',
      'theirs',
    );
    expect(accepted.code, accepted.err).toBe(0);
    const extra = before.find(({ kind }) => kind === 'extra');
    expect((await rig.sluice('reconcile', 'repair', String(extra?.id), '--by', 'A N Other')).code).toBe(2);
    await sql('delete from scheduling.location where id = any($1::uuid[])', [LEAST, MOST]);
    const mended = before.filter(({ root, id }) => root !== '' && id !== strange?.id);
    for (const { id } of mended) expect(await parts.store.repair(id, 'A N Other')).toBe(true);
    await rig.settled();
    await recheckOpen(parts, 'recheck');
    const states = new Map((await parts.store.list({ limit: 1_000 })).map(({ id, state }) => [id, state]));
    for (const { id, target, kind } of mended)
      expect({ target, kind, state: states.get(id) }).toEqual({ target, kind, state: 'reverified' });
    expect(states.get(String(strange?.id))).toBe('accepted');
    expect(states.get(String(extra?.id))).toBe('vanished');
    expect(await told()).toEqual([]);
  });

  it('makes an entry of a history again that was deleted; of an altered one it says what to do first', async () => {
    const [gone, altered] = (await sql('select id::text from diagnostics.lab_order_event order by 1 limit 2')) as [
      Row,
      Row,
    ];
    // its trigger refuses both
    const past = (text: string) =>
      rig.open.pool.query(`begin; set local session_replication_role = replica; ${text}; commit`);
    await past(`delete from diagnostics.lab_order_event where id = '${gone.id}'`);
    await past(`update diagnostics.lab_order_event set note = 'altered' where id = '${altered.id}'`);
    await scan(['lab_order_events']);
    const found = (await told()).filter(({ target }) => target === 'diagnostics.lab_order_event');
    const idOf = (row: Row, kind: string) =>
      String(found.find((finding) => finding.key === row.id && finding.kind === kind)?.id);
    const repair = (id: string) => rig.sluice('reconcile', 'repair', id, '--by', 'A N Other');
    const refused = await repair(idOf(altered, 'value'));
    expect([refused.code, refused.err]).toEqual([2, expect.stringContaining('never changed')]);
    expect((await repair(idOf(gone, 'missing'))).code).toBe(0);
    await rig.settled();
    await past(`delete from diagnostics.lab_order_event where id = '${altered.id}'`);
    await scan(['lab_order_events']);
    const [now] = (await parts.store.list({ states: ['confirmed'], kind: 'missing', limit: 1_000 })).filter(
      ({ key }) => key === altered.id,
    );
    expect((await repair(String(now?.id))).code).toBe(0);
    await rig.settled();
    await recheckOpen(parts, 'recheck');
    expect((await told()).filter(({ target }) => target === 'diagnostics.lab_order_event')).toEqual([]);
    const back = await sql(
      `select count(*)::text as n from diagnostics.lab_order_event where id::text = any($1) and note is distinct from 'altered'`,
      [gone.id, altered.id],
    );
    expect(back).toEqual([{ n: '2' }]);
  });

  it('finds a row that was not landed as the source has it', async () => {
    const landed = `sluice."landed__${rig.open.name}__public__partner_label_queue"`;
    const [lost, other] = (await sql(`select key from ${landed} where not deleted order by key limit 2`)) as [Row, Row];
    await sql(
      `update ${landed} set image = jsonb_set(image::jsonb, '{label_code}', '"other"')::text where key = $1`,
      other.key,
    );
    await sql(`update ${landed} set deleted = true where key = $1`, lost.key);
    await scan(['partner_label_queue']);
    const found = (await told()).filter(({ target }) => target === 'source:public.partner_label_queue');
    expect(found.map(({ key, kind, differences }) => ({ key, kind, path: differences[0]?.path }))).toEqual(
      expect.arrayContaining([
        { key: lost.key, kind: 'missing', path: '' },
        { key: other.key, kind: 'value', path: 'label_code' },
      ]),
    );
  });

  it('proves that it has caught up, and does not take silence for it', async () => {
    const proved = await rig.sluice('reconcile', 'caught-up', 'supabase', '--timeout', '20', '--json');
    expect(proved.code, proved.err).toBe(0);
    worker.kill('SIGSTOP');
    await rig.source.query(`update public.partner_label_queue set label_code = label_code || '-x'`);
    try {
      expect((await rig.sluice('reconcile', 'caught-up', 'supabase', '--timeout', '3')).code).toBe(1);
    } finally {
      worker.kill('SIGCONT');
    }
    const status = await rig.sluice('reconcile', 'status', 'supabase', '--json');
    expect(status.code, status.err).toBe(3);
    expect(JSON.parse(status.out).flows.length).toBeGreaterThan(10);
    expect(JSON.parse(status.out).digests.length).toBeGreaterThan(5);
  });
});
