import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { labelPrinter } from '../support/label-printer.ts';
import { type Rig, startRig } from '../support/rig.ts';

const SLUICE = fileURLToPath(new URL('../../bin/sluice.js', import.meta.url));

let rig: Rig;

const source = async <T = Record<string, unknown>>(sql: string, ...values: unknown[]): Promise<readonly T[]> =>
  (await rig.source.query(sql, values)).rows as T[];
const services = async <T = Record<string, unknown>>(sql: string, ...values: unknown[]): Promise<readonly T[]> =>
  (await rig.open.pool.query(sql, values)).rows as T[];

beforeAll(async () => {
  rig = await startRig(inject('stack'), { rows: 10 });
  rig.startWorker(['--without', 'fhir']);
}, 180_000);
afterAll(() => rig?.close());

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
    await addLabels('KILL', 60);
    const printer = await labelPrinter({ silentEvery: 9 });
    const atSource: string[] = [];
    let going = true;
    // the portal of the source: prints what it gets, and new jobs keep coming
    const portal = (async () => {
      for (let n = 1; going; n += 1) {
        const rows = await source<{ label_code: string }>(
          `update public.partner_label_queue set printed_at = date_trunc('milliseconds', now())
           where id = (select id from public.partner_label_queue where printed_at is null order by random() limit 1)
             and printed_at is null returning label_code`,
        );
        atSource.push(...rows.map(({ label_code }) => label_code));
        if (n % 4 === 0) await addLabels(`LATE${n}`, 1);
        await pause(150);
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
      for (let tries = 0; tries < 200 && printer.inked.length < least; tries += 1) await pause(50);
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

  it('prints nothing that a portal printed in the very moment it was taken', async () => {
    await source("update public.partner_label_queue set printed_at = now() where label_code = 'TAKE-2'");
    const printer = await labelPrinter();
    const done = await rig.sluice(...drainArgs(printer.url));
    await printer.close();
    expect(done.code, done.out).toBe(0);
    expect(printer.inked).toEqual([]);
  });
});
