import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type Config, loadConfig } from '../../../src/app/config.ts';
import { keepReport, settingsHash } from '../../../src/app/dos/run-report.ts';
import { judgeFor, judgesPas } from '../../../src/app/gates/judges.ts';
import { watchGates } from '../../../src/app/gates/watch.ts';
import { type GateRecord, type GateRecords, silentLog } from '../../../src/core/index.ts';
import { mini } from '../../support/mini-migration.ts';
import { extractOf, run, workFolder } from '../../support/pas-run.ts';

const NOW = Date.parse('2026-03-10T12:00:00Z');
const HOUR = 3_600_000;
const work = workFolder();
const home = mkdtempSync(join(tmpdir(), 'sluice-judges-'));
afterAll(() => {
  work.done();
  rmSync(home, { recursive: true, force: true });
});

const server = { host: 'h', port: 1, user: 'u', password: 'p' };
const stack = { postgres: server, kafka: [], connect: 'http://c', registry: 'http://r', registryNative: 'http://r' };
const config: Config = loadConfig({ ...stack, fhir: 'http://f', dynamodb: 'http://d' }, { SLUICE_HOME: home });
const nothing = { between: async () => [] };

/** A full sync that ended at a time and kept all service levels. */
const wellSynced = (endedAt: number) =>
  keepReport(config.reports.runsFolder, {
    run_id: `run-${endedAt}`,
    environment: config.dynamodb.environment,
    workspace: config.dynamodb.workspace ?? null,
    target: 'dynamodb',
    settings: settingsHash(config.dos),
    state: 'done',
    from_start: true,
    started_at: new Date(endedAt - 60_000).toISOString(),
    finished_at: new Date(endedAt).toISOString(),
    seconds: 60,
    record_p95_seconds: 0.01,
    error_ratio: { services: 0, triage_codes: 0 },
    metrics: null,
    failures: 0,
    setbacks: {},
    counts: {},
    anomaly_share: 0.1,
    compared_with: 'before',
    anomalies: [],
  });

/** What the watch shows of a migration at each of its rounds, and what it keeps. */
async function watched(folder: string, of: Config, rounds: readonly (() => number)[]) {
  const shown: Map<string, number>[] = [];
  const kept: string[] = [];
  let last = new Map<string, number>();
  let now = NOW;
  const stopping = new AbortController();
  const judge = judgeFor(of, folder, mini, nothing);
  if (judge === null) throw new Error(`${folder} has no gates`);
  const records = {
    newest: async () => [],
    append: async ({ subject, verdict }: GateRecord) => {
      kept.push(`${subject} ${verdict}`);
      return { seq: kept.length, hash: '' } as GateRecord;
    },
  } as unknown as GateRecords;
  await watchGates(folder, {
    migration: folder,
    judge,
    records,
    meter: {
      gauge: (name, { gate, clause, phase }, value) => void last.set(`${name} ${gate} ${clause ?? phase}`, value),
    },
    clock: {
      now: () => now,
      sleep: async () => {
        shown.push(last);
        last = new Map(last);
        const next = rounds[shown.length - 1];
        if (next === undefined) stopping.abort();
        else now = next();
      },
    },
    worker: 'test',
    log: silentLog,
    signal: stopping.signal,
  });
  return { shown, kept };
}

describe('gates of a worker that are judged by reports', () => {
  test('dos: no evidence without a full sync, PASS after one, FAIL when it is older than a day and two hours', async () => {
    const { shown, kept } = await watched('dos', config, [
      () => {
        wellSynced(NOW - HOUR);
        return NOW;
      },
      () => NOW + 26 * HOUR,
    ]);
    expect(shown.map((at) => at.get('sluice_gate_pass dos '))).toEqual([0, 1, 0]);
    const clauses = (at = new Map<string, number>()) =>
      [...at]
        .filter(([name]) => name.startsWith('sluice_gate_clause dos '))
        .map(([name, value]) => [name.slice(23), value]);
    expect(shown[0]?.get('sluice_gate_current dos ')).toBe(1);
    expect(new Set(clauses(shown[0]).map(([, value]) => value))).toEqual(new Set([-1]));
    expect(clauses(shown[0]).map(([name]) => name)).toContain('REPORT_BOUND_TO_RUN');
    expect(clauses(shown[2]).filter(([, value]) => value !== 1)).toEqual([['EVIDENCE_FRESH', 0]]);
    expect(kept).toEqual(['dos FAIL', 'dos PASS', 'dos FAIL']);
  });

  test('pas: no evidence without a folder, or without a run in it', async () => {
    for (const outDir of [undefined, join(home, 'nowhere')]) {
      const { shown } = await watched('pas', { ...config, reports: { ...config.reports, outDir } }, []);
      for (const profile of ['development', 'pre_production', 'cutover_ready'])
        expect(shown[0]?.get(`sluice_gate_pass ${profile} `)).toBe(0);
      const values = [...(shown[0] ?? [])].filter(([name]) => name.startsWith('sluice_gate_clause'));
      expect(new Set(values.map(([, value]) => value))).toEqual(new Set([-1]));
    }
  });

  test('pas: PASS of a run, FAIL as soon as one of its tables is another', async () => {
    const [source, out] = [work.place('source'), work.place('out')];
    extractOf(source, 20);
    await run(source, out);
    const judge = judgesPas(out);
    const statuses = async (now: number) =>
      Object.fromEntries((await judge(now)).map(({ profile, status }) => [profile, status]));
    expect(await statuses(NOW)).toMatchObject({ development: 'PASS', cutover_ready: 'FAIL' });
    appendFileSync(join(out, 'target/LOAD_PMI.csv'), 'x\n');
    expect(await statuses(NOW + 15_000)).toMatchObject({ development: 'FAIL' });
  }, 120_000);

  test('a migration without profiles has none', () => expect(judgeFor(config, 'mini', mini, nothing)).toBeNull());
});
