import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { loadConfig } from '../../../src/app/config.ts';
import { Durations } from '../../../src/app/dos/durations.ts';
import { judgeRuns } from '../../../src/app/dos/gate-report.ts';
import { MemoryItems } from '../../../src/app/dos/items.ts';
import { syncAll } from '../../../src/app/dos/migrate.ts';
import { openRunRecord, type RecordedRun } from '../../../src/app/dos/run-record.ts';
import { placeOf, readReports } from '../../../src/app/dos/run-report.ts';
import type { DosSource } from '../../../src/app/dos/source-rows.ts';
import { registerDosCommands } from '../../../src/cli/commands/dos.ts';
import { DEFAULTS, type SourceRows } from '../../../src/migrations/dos/index.ts';
import { addresses, stackSettings } from '../../../src/stack/index.ts';
import { enhancedAccess, LOOKUPS, practice } from '../../migrations/dos/rows.ts';

const HOUR = 3_600_000;
const config = loadConfig(addresses(stackSettings()), { SLUICE_ENVIRONMENT: 'test' });
let folder: string;
let now: number;
const clock = { now: () => now, sleep: async () => undefined };
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-runs-'));
  now = Date.parse('2026-03-13T09:00:00Z');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** So many practices, as a source that has them in one page. */
function sourceOf(practices: number, more: SourceRows = {}): DosSource {
  const services = [
    ...Array.from({ length: practices }, (_, index) => practice(index + 1)),
    ...Array.from({ length: 10 }, (_, index) => enhancedAccess(1000 + index)),
  ];
  const rows: SourceRows = { ...LOOKUPS, services, ...more };
  const ids = services.map(({ id }) => Number(id));
  const page = async (after: number) => ({ ids: ids.filter((id) => id > after), rows });
  return {
    page,
    services: async (of) => ({ ids: of, rows }),
    triage: async () => ({ symptomgroups: [{ id: 1, name: 'Cough' }] }),
    kinds: async () => [],
    count: async () => ids.length,
  };
}

const quiet = () => undefined;

async function fullSync(source: DosSource, more: Partial<RecordedRun> = {}, seconds = 60, each = 0.02) {
  const record = await openRunRecord({ config, target: 'dynamodb', folder, fromStart: true, clock, ...more });
  const took = () => record.took(each);
  const at = () => '2026-03-13T09:00:00.000000Z';
  const sync = { config: DEFAULTS, store: new MemoryItems(), now: at, parallel: 4, took };
  const done = await syncAll({ source, sync, tell: quiet, onProgress: quiet });
  now += seconds * 1000;
  return record.end(done);
}

const judged = (more: Partial<Parameters<typeof judgeRuns>[0]> = {}) =>
  judgeRuns({ config, folder, target: 'dynamodb', profile: 'dos', now, ...more });
const failures = (more: Parameters<typeof judged>[0] = {}): string[] =>
  judged(more)
    .checks.filter(({ status }) => status === 'FAIL')
    .map(({ gate }) => gate);

const FIGURE_GATES = ['RECORD_P95_BELOW', 'ERROR_RATIO_MAX', 'FULL_SYNC_MAX', 'NO_ANOMALIES'];

describe('the report of a full sync', () => {
  test('has both sets of counters, the levels, and the counts by type', async () => {
    const report = await fullSync(sourceOf(20));
    expect(report).toMatchObject({
      state: 'done',
      environment: 'test',
      started_at: '2026-03-13T09:00:00.000Z',
      finished_at: '2026-03-13T09:01:00.000Z',
      seconds: 60,
      error_ratio: { services: 0 },
      metrics: { total: 30, inserted: 30, total_records: 30, migrated_records: 30 },
      counts: { total: 30, GPPracticeTransformer: 20, GPEnhancedAccessTransformer: 10 },
      compared_with: null,
      anomalies: null,
    });
    expect(report.record_p95_seconds).toBeGreaterThanOrEqual(0.02);
    expect(report.record_p95_seconds).toBeLessThan(0.0203);
    const [file, ...others] = readdirSync(join(folder, 'test', '_', 'dynamodb'));
    expect(others).toEqual([]);
    expect(JSON.parse(readFileSync(join(folder, 'test', '_', 'dynamodb', String(file)), 'utf8'))).toEqual(report);
  });

  test('counts what fails', async () => {
    const bad = { ...practice(7), latitude: 'NaN' as unknown as number };
    const services = [...Array.from({ length: 3 }, (_, index) => practice(index + 1)), bad];
    const source = {
      ...sourceOf(0),
      page: async (after: number) => ({ ids: after < 1 ? [1, 2, 3, 7] : [], rows: { ...LOOKUPS, services } }),
    };
    const report = await fullSync(source);
    expect(report.error_ratio.services).toBe(0.25);
    expect(report.failures).toBe(1);
  });

  test('compares with the last complete run into the same place, and no other', async () => {
    const first = await fullSync(sourceOf(20));
    await fullSync(sourceOf(2), { target: 'files' });
    await fullSync(sourceOf(5), { fromStart: false });
    const failing = await openRunRecord({ config, target: 'dynamodb', folder, fromStart: true, clock });
    await failing.end(null);
    now += HOUR;
    const same = await fullSync(sourceOf(21));
    expect(same).toMatchObject({ compared_with: first.run_id, anomalies: [] });
    now += HOUR;
    const other = await fullSync(sourceOf(30));
    expect(other.compared_with).toBe(same.run_id);
    expect(other.anomalies?.map(({ type, before, now: is }) => [type, before, is])).toEqual([
      ['GPPracticeTransformer', 21, 30],
      ['supported', 31, 40],
      ['total', 31, 40],
      ['transformed', 31, 40],
    ]);
    now += HOUR;
    expect((await fullSync(sourceOf(50), { anomalyShare: 1 })).anomalies).toEqual([]);
  });

  test('is told of before the sync begins when it cannot be kept', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    await expect(fullSync(sourceOf(1), { folder: file })).rejects.toThrow(/--runs-dir/);
    await expect(fullSync(sourceOf(1), { metricsFile: join(file, 'dos.prom') })).rejects.toThrow(/--metrics-file/);
  });
});

describe('its figures in a file', () => {
  test('are there while it runs and when it is done', async () => {
    const metricsFile = join(folder, 'textfile', 'dos.prom');
    const record = await openRunRecord({ config, target: 'dynamodb', folder, metricsFile, fromStart: true, clock });
    now += 5000;
    record.took(0.1);
    await record.tick();
    const running = readFileSync(metricsFile, 'utf8');
    const labels = 'pipeline="dos",environment="test",workspace="",target="dynamodb"';
    expect(running).toContain(`sluice_sync_running{${labels}} 1`);
    expect(running).toContain(`sluice_sync_seconds{${labels}} 5\n`);
    expect(running).not.toContain('sluice_sync_finished_timestamp_seconds');
    await record.end(null);
    expect(readFileSync(metricsFile, 'utf8')).toContain(`sluice_sync_complete{${labels}} 0`);
    await fullSync(sourceOf(20), { metricsFile });
    const first = readFileSync(metricsFile, 'utf8');
    expect(first).toContain('# TYPE sluice_sync_seconds gauge');
    expect(first).toContain(`sluice_sync_running{${labels}} 0`);
    expect(first).toContain(`sluice_sync_error_ratio{${labels},of="services"} 0`);
    expect(first).toContain(`sluice_sync_counts{${labels},type="GPPracticeTransformer"} 20`);
    expect(first).toContain(`sluice_sync_counts{${labels},type="inserted"} 30`);
    expect(first).not.toContain('sluice_sync_anomalies');
    now += HOUR;
    await fullSync(sourceOf(40), { metricsFile });
    expect(readFileSync(metricsFile, 'utf8')).toContain(`sluice_sync_anomalies{${labels}} 4`);
    expect(readdirSync(join(folder, 'textfile'))).toEqual(['dos.prom']);
  });
});

describe('the gate', () => {
  test('passes the second of two like runs; the first has nothing to be compared with', async () => {
    expect(failures()).toEqual(judged().checks.map(({ gate }) => gate));
    await fullSync(sourceOf(20));
    expect(failures()).toEqual(['NO_ANOMALIES']);
    now += HOUR;
    await fullSync(sourceOf(20));
    expect(judged()).toMatchObject({ status: 'PASS', profile: 'dos' });
  });

  test.each([
    ['slow records', sourceOf(20), {}, 60, 0.3, ['RECORD_P95_BELOW']],
    ['a long sync', sourceOf(20), {}, 1801, 0.02, ['FULL_SYNC_MAX']],
    ['moved counts', sourceOf(30), {}, 60, 0.02, ['NO_ANOMALIES']],
    ['counts that may move far', sourceOf(30), { anomalyShare: 1 }, 60, 0.02, ['ANOMALY_SHARE_MAX']],
    ['a run that went on from another', sourceOf(20), { fromStart: false }, 60, 0.02, FIGURE_GATES],
  ] as const)('fails %s by the clause', async (_what, source, more, seconds, each, gates) => {
    await fullSync(sourceOf(20));
    now += HOUR;
    await fullSync(source, more, seconds, each);
    expect(failures()).toEqual(gates);
  });

  test('fails evidence that is old, of times to come, of other settings, of another place, or damaged', async () => {
    await fullSync(sourceOf(20));
    now += HOUR;
    await fullSync(sourceOf(20));
    expect(failures({ now: now + 26 * HOUR })).toEqual([]);
    expect(failures({ now: now + 27 * HOUR })).toEqual(['EVIDENCE_FRESH']);
    expect(failures({ now: now - HOUR })).toEqual(['EVIDENCE_FRESH']);
    expect(failures({ config: { ...config, dos: { pharmacy: false } } })).toEqual(['REPORT_BOUND_TO_RUN']);
    expect(failures({ target: 'files' })).toHaveLength(7);
    const place = join(folder, 'test', '_', 'dynamodb');
    writeFileSync(join(place, String(readdirSync(place).sort().at(-1))), '{"run_id":');
    expect(failures()).toHaveLength(7);
  });

  test('fails a run that was begun and did not end, whatever was before it', async () => {
    await fullSync(sourceOf(20));
    now += HOUR;
    await fullSync(sourceOf(20));
    now += HOUR;
    await openRunRecord({ config, target: 'dynamodb', folder, fromStart: true, clock });
    expect(failures()).toEqual(['EVIDENCE_FRESH', ...FIGURE_GATES]);
  });
});

describe('the commands', () => {
  async function dosCommand(...args: string[]): Promise<{ code: unknown; out: string; err: string }> {
    const said = { out: '', err: '' };
    const spies = (['out', 'err'] as const).map((name) =>
      vi.spyOn(process[`std${name}`], 'write').mockImplementation((text) => {
        said[name] += String(text);
        return true;
      }),
    );
    const program = new Command().exitOverride();
    registerDosCommands(program);
    const before = process.exitCode;
    try {
      await program.parseAsync(['node', 'sluice', 'dos', ...args, '--env', 'test', '--runs-dir', folder]);
      return { code: process.exitCode, ...said };
    } finally {
      process.exitCode = before;
      for (const spy of spies) spy.mockRestore();
    }
  }

  const gates = (...args: string[]) => dosCommand('gates', ...args);

  test('gates ends with 1 on FAIL, 0 on PASS, and 2 for a profile nobody knows', async () => {
    const failed = await gates('--json');
    expect([failed.code, JSON.parse(failed.out).status]).toEqual([1, 'FAIL']);
    now = Date.now() - HOUR;
    await fullSync(sourceOf(20));
    now += HOUR / 2;
    await fullSync(sourceOf(20));
    const metricsFile = join(folder, 'gates.prom');
    const passed = await gates('--metrics-file', metricsFile);
    expect([passed.code, passed.out]).toEqual([0, expect.stringContaining('dos: PASS')]);
    expect(readFileSync(metricsFile, 'utf8')).toContain('sluice_gate_clause{gate="dos",clause="NO_ANOMALIES"} 1');
    const unknown = await gates('--profile', 'no_such', '--json');
    expect([unknown.code, unknown.err]).toEqual([2, expect.stringContaining('no gate profile')]);
  });

  test('migrate leaves the report of a sync that failed', async () => {
    const metricsFile = join(folder, 'dos.prom');
    const away = ['--db-uri', 'postgres://nobody:secretword@127.0.0.1:1/dos', '--output-dir', join(folder, 'out')];
    const failed = await dosCommand('migrate', ...away, '--metrics-file', metricsFile, '--json');
    expect([failed.code, failed.err]).toEqual([1, expect.stringContaining('SOURCE_UNAVAILABLE')]);
    const [report] = readReports(folder, placeOf(config, 'files'));
    expect(report).toMatchObject({ state: 'failed', from_start: true, metrics: null });
    expect(JSON.stringify(report)).not.toContain('secretword');
    expect(readFileSync(metricsFile, 'utf8')).toMatch(/sluice_sync_complete\{[^}]*target="files"\} 0/);
    const one = await dosCommand('migrate', '--service-id', '1', ...away.slice(0, 2), '--metrics-file', metricsFile);
    expect([one.code, one.err]).toEqual([2, expect.stringContaining('not of one')]);
  });
});

describe('percentiles', () => {
  test('are never told too low, and a hundredth too high at most', () => {
    const durations = new Durations();
    expect(durations.percentile(0.95)).toBeNull();
    for (let ms = 1; ms <= 1000; ms += 1) durations.add(ms / 1000);
    for (const share of [0.01, 0.5, 0.95, 1]) {
      const told = durations.percentile(share) ?? 0;
      expect(told).toBeGreaterThanOrEqual(share * (1 - 1e-9));
      expect(told).toBeLessThanOrEqual(share * 1.0101);
    }
    durations.add(0);
  });
});
