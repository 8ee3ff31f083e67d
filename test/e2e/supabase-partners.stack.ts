import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createMetrics } from '../../src/app/metrics.ts';
import { serveIngest } from '../../src/app/supabase/ingest-server.ts';
import { openLegacy } from '../../src/app/supabase/legacy.ts';
import { namesOf, readingsIntoSource } from '../../src/app/supabase/temperature-entry.ts';
import { silentLog } from '../../src/core/index.ts';
import { openBroker } from '../support/broker.ts';
import { labelPrinter } from '../support/label-printer.ts';
import { type Rig, startRig, type WorkerProcess } from '../support/rig.ts';
import { rawRecords } from '../support/topic-records.ts';

const SLUICE = fileURLToPath(new URL('../../bin/sluice.js', import.meta.url));

let rig: Rig;
let folder: string;
let worker: WorkerProcess;

const source = async <T = Record<string, unknown>>(sql: string, ...values: unknown[]): Promise<readonly T[]> =>
  (await rig.source.query(sql, values)).rows as T[];
const services = async <T = Record<string, unknown>>(sql: string, ...values: unknown[]): Promise<readonly T[]> =>
  (await rig.open.pool.query(sql, values)).rows as T[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-partners-'));
  rig = await startRig(inject('stack'), { rows: 10 });
  worker = rig.startWorker(['--without', 'fhir']);
}, 180_000);
afterAll(async () => {
  await rig?.close();
  await rm(folder, { recursive: true, force: true });
});

/** The stream brings it in its own time. */
const comesToBe = (sql: string, n: unknown): Promise<void> =>
  expect.poll(async () => (await services<{ n: unknown }>(sql))[0]?.n, { timeout: 60_000, interval: 200 }).toEqual(n);

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('the drain of the label queue', () => {
  const addLabels = (prefix: string, n: number) =>
    source(
      `insert into public.partner_label_queue (label_code, patient_name, request_type, priority)
       select $1 || '-' || n, 'Ottilie Fennimore-Quill', 'SPT tray', case n % 3 when 0 then 'high' else 'normal' end
       from generate_series(1, $2::int) n`,
      prefix,
      n,
    );
  const drainArgs = (url: string) =>
    ['drain', 'label-queue', '--printer', url, '--grace', '0', '--lease', '2', '--batch', '5', '--json'] as const;

  it('prints every label once: killed again and again, beside another one, while the source goes on printing', async () => {
    await addLabels('KILL', 90);
    const printer = await labelPrinter({ silentEvery: 9, ms: 500 });
    const atSource: string[] = [];
    let going = true;
    // the portal of the source: prints what it gets, and new jobs keep coming
    const portal = (async () => {
      for (let n = 1; going; n += 1) {
        // on a slow machine it would have printed all before the first drain was up
        while (going && atSource.length > printer.inked.length + 3) await pause(50);
        const rows = await source<{ label_code: string }>(
          `update public.partner_label_queue set printed_at = date_trunc('milliseconds', now())
           where id = (select id from public.partner_label_queue where printed_at is null order by random() limit 1)
             and printed_at is null returning label_code`,
        );
        atSource.push(...rows.map(({ label_code }) => label_code));
        if (n % 4 === 0) await addLabels(`LATE${n}`, 1);
        await pause(700);
      }
    })();
    const start = (name: string) =>
      spawn(process.execPath, [SLUICE, ...drainArgs(printer.url)], {
        env: { ...process.env, ...rig.variables, SLUICE_WORKER: name },
        stdio: 'ignore',
      });
    let kills = 0;
    for (const least of [2, 9, 17, 26]) {
      const children = [start(`drain-a${least}`), start(`drain-b${least}`)];
      for (let tries = 0; tries < 1500 && printer.inked.length < least; tries += 1) await pause(20);
      for (const child of children) kills += child.kill('SIGKILL') ? 1 : 0;
    }
    going = false;
    await portal;
    expect(kills).toBeGreaterThan(3);
    const last = await rig.sluice(...drainArgs(printer.url));
    expect(last.code, last.err + last.out).toBe(0);
    const report = JSON.parse(last.out) as Record<string, number>;
    expect(report).toMatchObject({ done: true, dead: 0, openAtSource: 0, openHere: 0 });
    await printer.close();
    const all = await source<{ label_code: string }>(
      "select label_code from public.partner_label_queue where label_code ~ '^(KILL|LATE)'",
    );
    const inked = [...printer.inked, ...atSource].filter((code) => /^(KILL|LATE)/.test(code));
    expect(printer.inked.length).toBeGreaterThan(26);
    expect(atSource.length).toBeGreaterThan(0);
    expect([...inked].sort()).toEqual(all.map(({ label_code }) => label_code).sort());
    const receipts = await services<{ label_code: string }>('select label_code from partnerops.label_print_receipt');
    expect(receipts.map(({ label_code }) => label_code).sort()).toEqual([...printer.inked].sort());
    await comesToBe("select count(*)::int as n from partnerops.label_queue where state <> 'printed'", 0);
  });

  it('takes jobs only, when it has no printer, and the source leaves them alone', async () => {
    await addLabels('TAKE', 3);
    const done = await rig.sluice('drain', 'label-queue', '--json');
    expect(done.code, done.err).toBe(0);
    expect(JSON.parse(done.out)).toMatchObject({ taken: 3, printed: 0, openAtSource: 0 });
    const held = "from partnerops.label_queue where label_code like 'TAKE-%'";
    await comesToBe(`select count(*)::int as n ${held} and source_printed_at = claim_stamp`, 3);
    expect(await services(`select count(*)::int as n ${held} and state = 'queued' and taken_at is not null`)).toEqual([
      { n: 3 },
    ]);
    expect(await services(`select 1 ${held} and source_printed_at is distinct from claim_stamp`)).toEqual([]);
  });

  it('gives up a job the printer refuses, and says so', async () => {
    const printer = await labelPrinter({ refuses: (code) => code === 'TAKE-2' });
    const done = await rig.sluice(...drainArgs(printer.url));
    await printer.close();
    expect(done.code).toBe(1);
    expect(JSON.parse(done.out)).toMatchObject({ printed: 2, dead: 1 });
    expect([...printer.inked].sort()).toEqual(['TAKE-1', 'TAKE-3']);
    await services("update partnerops.label_queue set queue_state = null where state = 'dead'");
  });

  it('takes nothing that the source has printed, also where the stream has not told of it', async () => {
    await addLabels('OWN', 1);
    await comesToBe("select count(*)::int as n from partnerops.label_queue where label_code = 'OWN-1'", 1);
    const printer = await labelPrinter();
    worker.child.kill('SIGSTOP');
    try {
      await source(
        "update public.partner_label_queue set printed_at = '2026-03-01T09:00:00Z' where label_code = 'OWN-1'",
      );
      const done = await rig.sluice(...drainArgs(printer.url), '--patience', '1');
      expect(done.code).toBe(1);
      expect(JSON.parse(done.out)).toMatchObject({ taken: 0, leftToSource: 1, done: false, openAtSource: 0 });
    } finally {
      worker.child.kill('SIGCONT');
      await printer.close();
    }
    expect(printer.inked.filter((code) => code === 'OWN-1')).toEqual([]);
    await comesToBe("select state as n from partnerops.label_queue where label_code = 'OWN-1'", 'printed');
    const [row] = await source<{ same: boolean }>(
      "select printed_at = '2026-03-01T09:00:00Z' as same from public.partner_label_queue where label_code = 'OWN-1'",
    );
    expect(row?.same).toBe(true);
  });

  it('prints nothing that a portal printed in the very moment it was taken', async () => {
    await source("update public.partner_label_queue set printed_at = now() where label_code = 'TAKE-2'");
    const printer = await labelPrinter();
    const done = await rig.sluice(...drainArgs(printer.url));
    await printer.close();
    expect(done.code, done.out).toBe(0);
    expect(printer.inked).toEqual([]);
  });
});

describe('temperature readings', () => {
  const COLUMNS = 'storage_location,recorded_at,temperature_c,item_name,is_excursion,notes,id';
  const write = async (lines: readonly string[]): Promise<string> => {
    const file = join(folder, `readings-${randomUUID()}.csv`);
    await writeFile(file, `${[COLUMNS, ...lines].join('\r\n')}\r\n`);
    return file;
  };
  const arrived = (place: string) => `select count(*)::int as n from compliance.temperature_reading r
    join compliance.storage_location l on l.id = r.location_id where l.name = '${place}'`;

  it('come in from a file, once, and bad lines are told with their numbers', async () => {
    await source(`insert into public.partner_stock_levels (item_name, quantity, unit, status, min_temp, max_temp)
                  values ('Imported serum', 1, 'vial', 'Healthy', 2, 8)`);
    const good = Array.from(
      { length: 40 },
      (_, n) => `Import fridge,2026-03-02T06:${n + 10}:00.123456+01:00,4.${n + 100},Imported serum,,,`,
    );
    const odd = [
      'Import fridge,2026-03-03T06:00:00Z,9.5,Imported serum,,"too warm, ""door"" open\nall night",', // line 42, of two lines
      'Import fridge,2026-03-03 07:00:00,4.5,,,,', // 44: no zone
      'Import fridge,2026-03-03T08:00:00Z,4.5555,,,,', // 45: four decimals
      'Import fridge,2026-03-03T09:00:00Z,4.5,Never stocked,,,', // 46
      'Import fridge,2026-03-03T10:00:00Z,4.5', // 47
      ',2026-03-03T11:00:00Z,4.5,,maybe,,', // 48
      'Import fridge,2026-03-03T06:00:00Z,1.5,Imported serum,,,', // 49: the reading of line 42, otherwise
      'Import fridge,2026-03-03T06:00:00Z,9.5,Imported serum,,,', // 50: and the same
    ];
    const file = await write([...good, ...odd]);
    const rejects = join(folder, 'rejects.csv');
    const done = await rig.sluice('import', 'temperature-logs', file, '--batch', '10', '--rejects', rejects, '--json');
    expect(done.code, done.err).toBe(1);
    expect(JSON.parse(done.out)).toEqual({
      lines: 48,
      stored: 41,
      known: 1,
      rejected: 6,
      rejects: [
        { line: 44, problem: 'MISFIT', columns: ['recorded_at'] },
        { line: 45, problem: 'MISFIT', columns: ['temperature_c'] },
        { line: 46, problem: 'NO_SUCH_ITEM', columns: [] },
        { line: 47, problem: 'CSV_CELL_COUNT', columns: [] },
        { line: 48, problem: 'MISFIT', columns: ['is_excursion', 'storage_location'] },
        { line: 49, problem: 'CONFLICT', columns: [] },
      ],
    });
    expect(await readFile(rejects, 'utf8')).toContain('48,MISFIT,is_excursion storage_location\n');
    const again = await rig.sluice('import', 'temperature-logs', file, '--json');
    expect(JSON.parse(again.out)).toMatchObject({ stored: 0, known: 42, rejected: 6 });
    await comesToBe(arrived('Import fridge'), 41);
    expect(
      await services(
        `select temperature_c, is_excursion, notes, recorded_at at time zone 'UTC' = '2026-03-03 06:00' as exact
         from compliance.temperature_reading where temperature_c = 9.5 and notes is not null`,
      ),
    ).toEqual([{ temperature_c: '9.500', is_excursion: true, notes: 'too warm, "door" open\nall night', exact: true }]);
    expect(
      await services(`select 1 from compliance.temperature_reading where recorded_at = '2026-03-02T05:30:00.123456Z'`),
    ).toHaveLength(1);
  });

  it('refuses a file that is none, in words', async () => {
    const file = join(folder, 'other.csv');
    await writeFile(file, 'place,when\nx,y\n');
    const other = await rig.sluice('import', 'temperature-logs', file);
    expect(other.code).toBe(2);
    expect(other.err).toContain('line 1');
    expect((await rig.sluice('import', 'temperature-logs', join(folder, 'nowhere.csv'))).code).toBe(2);
  });

  it('come in from devices over HTTP, once, and only with the token', async () => {
    const token: string = randomUUID();
    const child = spawn(process.execPath, [SLUICE, 'serve', 'ingest', '--port', '0', '--json'], {
      env: { ...process.env, ...rig.variables, SLUICE_INGEST_TOKEN: token },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      let said = '';
      child.stdout.on('data', (part) => {
        said += part;
      });
      await expect.poll(() => /"port":(\d+)/.exec(said)?.[1], { timeout: 60_000 }).toBeDefined();
      const base = `http://127.0.0.1:${/"port":(\d+)/.exec(said)?.[1]}`;
      const post = (body: unknown, bearer = token) =>
        fetch(`${base}/temperature-readings`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', authorization: `Bearer ${bearer}` },
          body: typeof body === 'string' ? body : JSON.stringify(body),
        });
      const reading = (n: number, over = {}) => ({
        device_id: 'probe-7',
        storage_location: 'Device fridge',
        recorded_at: `2026-03-04T06:00:${String(n % 60).padStart(2, '0')}.${n}Z`,
        temperature_c: '-0.125',
        ...over,
      });
      expect((await post({ readings: [reading(1)] }, 'wrong')).status).toBe(401);
      expect((await post('{')).status).toBe(400);
      expect((await post({ readings: [] })).status).toBe(422);
      expect((await fetch(`${base}/health/ready`)).status).toBe(200);
      const batch = { readings: Array.from({ length: 100 }, (_, n) => reading(n + 100)) };
      // a device that got no answer sends again, and another one of the same batch may still be under way
      const answers = await Promise.all([post(batch), post(batch), post(batch)]);
      const outcomes = (
        await Promise.all(answers.map(async (one) => (await one.json()) as { results: { outcome: string }[] }))
      )
        .flatMap(({ results }) => results)
        .map(({ outcome }) => outcome);
      expect(outcomes).toHaveLength(300);
      expect(outcomes.filter((one) => one === 'stored')).toHaveLength(100);
      expect(outcomes.filter((one) => one === 'known')).toHaveLength(200);
      const mixed = await post({
        readings: [
          reading(500, { temperature_c: 'warm' }),
          reading(501, { stock_id: randomUUID() }),
          7,
          reading(100, { temperature_c: 5 }),
          reading(502, { temperature_c: 5 }),
        ],
      });
      expect(await mixed.json()).toEqual({
        results: [
          { id: null, outcome: 'misfit', columns: ['temperature_c'] },
          { id: expect.any(String), outcome: 'no_such_item' },
          { id: null, outcome: 'misfit', columns: ['recorded_at', 'storage_location', 'temperature_c'] },
          { id: expect.any(String), outcome: 'conflict' },
          { id: expect.any(String), outcome: 'stored' },
        ],
      });
      await comesToBe(arrived('Device fridge'), 101);
      expect(said).not.toContain(token);
    } finally {
      child.kill('SIGTERM');
    }
    expect(await new Promise((resolve) => child.once('exit', resolve))).toBe(0);
  });

  it('are not lost while the source is away: the device is told when to come again, and is then taken', async () => {
    const { hostname, port } = new URL(rig.config.sourceUrl('supabase'));
    const wires = new Set<Socket>();
    const wire = createServer((client) => {
      const server = connect(Number(port), hostname);
      for (const one of [client, server]) wires.add(one.on('error', () => one.destroy()));
      client.pipe(server).pipe(client);
    });
    const listen = (at: number) => new Promise<void>((resolve) => wire.listen(at, '127.0.0.1', () => resolve()));
    await listen(0);
    const { port: own } = wire.address() as AddressInfo;
    const away = new URL(rig.config.sourceUrl('supabase'));
    away.host = `127.0.0.1:${own}`;
    const token: string = randomUUID();
    const legacy = openLegacy(away.href, 2);
    const server = await serveIngest({
      host: '127.0.0.1',
      port: 0,
      token,
      names: namesOf(rig.config),
      into: readingsIntoSource(legacy),
      metrics: createMetrics('0'),
      log: silentLog,
    });
    const base = `http://127.0.0.1:${server.port}`;
    const reading = { storage_location: 'Far fridge', recorded_at: '2026-03-05T06:00:00Z', temperature_c: '4' };
    const post = () =>
      fetch(`${base}/temperature-readings`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: JSON.stringify({ readings: [{ device_id: 'probe-8', ...reading }] }),
      });
    try {
      const gone = new Promise<void>((resolve) => wire.close(() => resolve()));
      for (const one of wires) one.destroy();
      await gone;
      const refused = await post();
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5']);
      expect((await fetch(`${base}/health/ready`)).status).toBe(503);
      expect((await fetch(`${base}/health/live`)).status).toBe(200);
      await listen(own);
      await expect.poll(async () => (await post()).status, { timeout: 20_000 }).toBe(200);
      await comesToBe(arrived('Far fridge'), 1);
      const metrics = await (await fetch(`${base}/metrics`)).text();
      expect(metrics).toMatch(/^sluice_ingest_requests_total\{status="503"\} [1-9]/m);
      expect(metrics).toMatch(/^sluice_ingest_readings_total\{outcome="stored"\} 1$/m);
      expect(metrics).not.toMatch(/probe-8|Far fridge/);
    } finally {
      await server.close();
      await legacy.close();
      for (const one of wires) one.destroy();
      wire.close();
    }
  });

  it('are not taken without a token of some length', async () => {
    const refused = await rig.sluiceWith(
      { ...rig.variables, SLUICE_INGEST_TOKEN_FILE: '/dev/null' },
      'serve',
      'ingest',
      '--port',
      '0',
    );
    expect(refused.code).toBe(2);
    expect(refused.err).toContain('SLUICE_INGEST_TOKEN');
  });
});

describe('stock levels', () => {
  const told = async (): Promise<Map<string, unknown>> => {
    const held = new Map<string, unknown>();
    const broker = await openBroker(inject('stack'));
    for (const { key, value } of await rawRecords(broker, `${rig.config.prefix}cdc.partner_stock_levels`)) {
      if (value === null) held.delete(String(key));
      else held.set(String(key), JSON.parse(String(value)));
    }
    await broker.close();
    return held;
  };
  const current = async () =>
    new Map(
      (
        await services<{ id: string; quantity: number }>(
          'select legacy_id::text as id, quantity from partnerops.stock_current',
        )
      ).map(({ id, quantity }) => [id, quantity]),
    );
  const quantities = async () =>
    new Map([...(await told())].map(([key, value]) => [key, (value as { quantity: number }).quantity]));

  it('are told on a compacted topic: all of them first, then what changed, and what is gone', async () => {
    const first = await rig.sluice('export', 'stock-levels', '--json');
    expect(first.code, first.err).toBe(0);
    const { items } = JSON.parse(first.out) as { items: number };
    expect(items).toBeGreaterThan(3);
    expect(await quantities()).toEqual(await current());
    const idle = await rig.sluice('export', 'stock-levels', '--json');
    expect(JSON.parse(idle.out)).toEqual({ items, sent: 0, gone: 0 });
    const [changed, removed] = await source<{ id: string }>(
      'select id from public.partner_stock_levels order by id limit 2',
    );
    await source('update public.partner_stock_levels set quantity = 777 where id = $1', changed?.id);
    await source('delete from public.partner_stock_levels where id = $1', removed?.id);
    await comesToBe('select count(*)::int as n from partnerops.stock_current where quantity = 777', 1);
    await comesToBe('select count(*)::int as n from partnerops.stock_item where deleted_at is not null', 1);
    const next = await rig.sluice('export', 'stock-levels', '--json');
    expect(JSON.parse(next.out)).toEqual({ items: items - 1, sent: 1, gone: 1 });
    expect(await quantities()).toEqual(await current());
    expect((await told()).get(String(changed?.id))).toMatchObject({ quantity: 777, legacy_id: changed?.id });
  });
});

describe('check-ins', () => {
  it('come in batches, not one by one', async () => {
    await source(
      `insert into public.partner_checkins (patient_name, status)
       select 'Batch ' || n, 'Waiting' from generate_series(1, 300) n`,
    );
    const written = "from partnerops.checkin where patient_name like 'Batch %'";
    await comesToBe(`select count(*)::int as n ${written}`, 300);
    const [row] = await services<{ n: number }>(`select count(distinct xmin::text)::int as n ${written}`);
    expect(row?.n).toBeLessThan(60);
    expect(await services('select 1 from partnerops.checkin_event where status is null')).toEqual([]);
  });
});

describe('payouts', () => {
  const reconcile = async (wait = '30') => {
    const done = await rig.sluice('reconcile', 'payouts', '--wait', wait, '--json');
    return {
      code: done.code,
      ...(JSON.parse(done.out) as {
        differences: { kind: string; month: string }[];
        months: Record<string, unknown>[];
      }),
    };
  };

  it('are equal to the penny on both sides, at the limits of their column', async () => {
    await source(`insert into public.partner_payouts (occurred_on, amount) values
                  ('2019-02-28', 9999999999.99), ('2019-02-01', 9999999999.98), ('2019-02-01', 0.01), ('2019-03-01', 0)`);
    const equal = await reconcile();
    expect(equal).toMatchObject({ code: 0, differences: [] });
    expect(equal.months.slice(0, 2)).toEqual([
      {
        month: '2019-02',
        sourceCount: 3,
        sourceTotal: '19999999999.98',
        targetCount: 3,
        targetTotal: '19999999999.98',
        isLocked: false,
      },
      { month: '2019-03', sourceCount: 1, sourceTotal: '0.00', targetCount: 1, targetTotal: '0.00', isLocked: false },
    ]);
  });

  it('that differ are named: by a penny, missing, too many, and one that a locked month kept out', async () => {
    const [one, two] = await services<{ id: string; occurred_on: string }>(
      "select id, to_char(occurred_on, 'YYYY-MM') as occurred_on from finance.payout where occurred_on < '2019-03-01' order by amount desc limit 2",
    );
    await services('update finance.payout set amount = amount - 0.01 where id = $1', one?.id);
    await services('update finance.payout set deleted_at = now() where id = $1', two?.id);
    await services(
      `insert into finance.payout select (jsonb_populate_record(p, '{"id": "${randomUUID()}", "legacy_id": "${randomUUID()}"}')).* from finance.payout p where amount = 0.01`,
    );
    await services("insert into finance.locked_period (month, locked_by) values ('2019-03-01', 'test')");
    await source("update public.partner_payouts set amount = 5 where occurred_on = '2019-03-01'");
    await comesToBe(
      "select count(*)::int as n from sluice.parked where flow = 'partner_payouts' and state = 'parked'",
      1,
    );
    const differing = await reconcile('0');
    expect(differing.code).toBe(3);
    expect(differing.differences.map(({ month, kind }) => `${month} ${kind}`).sort()).toEqual([
      '2019-02 extra',
      '2019-02 field',
      '2019-02 missing',
      '2019-03 field',
    ]);
    expect(differing.months[1]).toMatchObject({ sourceTotal: '5.00', targetTotal: '0.00', isLocked: true });
    const spoken = await rig.sluice('reconcile', 'payouts', '--wait', '0');
    expect(spoken.code).toBe(3);
    expect(spoken.out).toMatch(/2019-03 .*DIFFERS, locked/);
  });
});
