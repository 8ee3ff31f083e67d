import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { Command, CommanderError } from 'commander';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test, vi } from 'vitest';
import { registerGatesCommands } from '../../src/cli/commands/gates.ts';
import { registerPhaseCommands } from '../../src/cli/commands/phase.ts';
import { configOf } from '../../src/cli/context.ts';
import { recorded } from '../../src/cli/recorded.ts';
import { migrationNamed } from '../../src/migrations/index.ts';
import { oneFigure, passingFigures } from '../support/gate-figures.ts';
import { MINI_SQL, mini } from '../support/mini-migration.ts';
import { type ServiceDatabase, serviceDatabase } from '../support/service-database.ts';

const FLOWS = migrationNamed('supabase', {})?.flows.map(({ name }) => name) ?? [];

let db: ServiceDatabase;
let folder: string;

beforeAll(async () => {
  // the ledger is the same for every migration; target schemas are not asked for
  db = await serviceDatabase(inject('stack').postgres, mini, { mini: MINI_SQL });
  folder = mkdtempSync(join(tmpdir(), 'sluice-gates-'));
  vi.stubEnv('SLUICE_SERVICES_URL', db.url);
  vi.stubEnv('SLUICE_HOME', folder);
  vi.stubEnv('SLUICE_GATES_ANCHOR', join(folder, 'anchor.ndjson'));
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await db?.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => db.pool.query('delete from sluice.measurement'));
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = 0;
});

/** Runs a command as `main` does; its one JSON line, where it has one. */
async function run(...args: readonly string[]) {
  const said = { out: '', err: '' };
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    said.out += stripVTControlCharacters(String(text));
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said.err += stripVTControlCharacters(String(text));
    return true;
  });
  process.exitCode = 0;
  const program = new Command('sluice').exitOverride();
  registerGatesCommands(program);
  registerPhaseCommands(program);
  for (const one of [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)])
    one.exitOverride();
  try {
    await program.parseAsync(['node', 'sluice', ...args]);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = 2;
  }
  vi.restoreAllMocks();
  const json = said.out.startsWith('{') || said.out.startsWith('[') ? JSON.parse(said.out) : null;
  return { code: Number(process.exitCode), ...said, json };
}

const passing = (phase: string) =>
  passingFigures(db.pool, phase, { migration: 'supabase', flows: FLOWS, until: Date.now() });

describe('sluice gates', () => {
  test('list and explain: all profiles, and who records what', async () => {
    const listed = await run('gates', 'list', '--json');
    expect(listed.json.map(({ name }: { name: string }) => name)).toEqual([
      ...['foundation', 'read-parity', 'write-strangler', 'full-cutover', 'decommission'],
      ...['dos', 'development', 'pre_production', 'cutover_ready'],
    ]);
    expect((await run('gates', 'list')).out).toContain('write-strangler');
    const one = await run('gates', 'explain', 'read-parity', 'shadow_fields_match');
    expect(one.out).toContain('nobody records it');
    expect((await run('gates', 'explain', 'read-parity', 'NO_SUCH')).code).toBe(2);
    expect((await run('gates', 'explain', 'foundation', '--json')).json.clauses[0].recordedBy).toContain('sluice run');
  });

  test('an unknown profile is a wrong call, never a default', async () => {
    const { code, err } = await run('gates', 'check', 'cutover');
    expect(code).toBe(2);
    expect(err).toContain('known are foundation');
  });

  test('check: FAIL without evidence, PASS with it, FAIL again when a clause breaks; each is kept', async () => {
    const dark = await run('gates', 'check', 'foundation', '--json', '--by', 'ann');
    expect(dark.code).toBe(1);
    expect(dark.json.checks.every(({ why }: { why: string }) => why === 'no evidence')).toBe(true);
    await passing('foundation');
    const well = await run('gates', 'check', 'foundation', '--json', '--by', 'ann');
    expect(well).toMatchObject({ code: 0, json: { status: 'PASS', record: { seq: dark.json.record.seq + 1 } } });
    expect((await run('gates', 'check', 'foundation')).out).toMatch(
      /PASS CDC_LAG_UNDER_5S .*\n(.*\n)*.*kept as record/,
    );
    await oneFigure(db.pool, { migration: 'supabase', until: Date.now() }, { figure: 'bundles.invalid', value: 1 });
    const broken = await run('gates', 'check', 'foundation', '--json');
    expect(broken.code).toBe(1);
    const failed = broken.json.checks.filter(({ status }: { status: string }) => status === 'FAIL');
    expect(failed).toMatchObject([
      { gate: 'BUNDLES_VALID', actual: 1, message: 'bundles.invalid is 1, asked for is <= 0' },
    ]);
    const history = await run('gates', 'history', '--profile', 'foundation', '--json', '--limit', '4');
    expect(history.json.map(({ verdict }: { verdict: string }) => verdict)).toEqual(['FAIL', 'PASS', 'PASS', 'FAIL']);
    const [newest] = history.json;
    expect(newest.content.clauses.find(({ clause }: { clause: string }) => clause === 'BUNDLES_VALID')).toMatchObject({
      status: 'FAIL',
      figures: { figure: 'bundles.invalid', sources: ['test'] },
    });
    expect(Object.keys(newest.content.hashes).sort()).toEqual(['code', 'profile']);
  });

  test('never PASS on what the ledger has lost, or never had: an empty window, no number, too old, a hole, half of it', async () => {
    await passing('write-strangler');
    const figure = 'reconcile.divergenceRatio';
    await db.pool.query(
      `drop table if exists kept; create table kept as select * from sluice.measurement where figure = '${figure}'`,
    );
    const judged = async (columns: string, where: string) => {
      await db.pool.query('delete from sluice.measurement where figure = $1', [figure]);
      const rest = 'sample, coverage, oldest_seconds, source';
      await db.pool.query(
        `insert into sluice.measurement (migration, flow, figure, value, at, ${rest})
         select migration, flow, figure, ${columns || `value, at, ${rest}`} from kept where ${where}`,
      );
      const { code, json } = await run('gates', 'check', 'write-strangler', '--json');
      const one = json.checks.find(({ gate }: { gate: string }) => gate === 'DIVERGENCE_UNDER_HALF_PERCENT');
      return { code, status: one.status, why: one.why };
    };
    const [one] = FLOWS;
    const of = (value: string, at = 'at', sample = 'sample', coverage = 'coverage') =>
      `${value}, ${at}, ${sample}, ${coverage}, oldest_seconds, source`;
    const newest = `flow = '${one}' and at = (select max(at) from kept)`;
    const ifNewest = (value: string, otherwise: string) => `case when ${newest} then ${value} else ${otherwise} end`;
    expect(await judged('', 'true')).toEqual({ code: 0, status: 'PASS', why: 'holds' });
    const cases: readonly (readonly [string, string, string])[] = [
      ['', 'false', 'no evidence'],
      ['', `flow <> '${one}'`, 'no evidence'],
      [of('value', "at - interval '2 days'"), 'true', 'no evidence'],
      [of('value', "at + interval '2 days'"), 'true', 'no evidence'],
      [of(ifNewest("'NaN'", 'value')), 'true', 'no number'],
      [of(ifNewest("'Infinity'", 'value')), 'true', 'no number'],
      ['', "at < now() - interval '4 hours'", 'stale'],
      ['', "at not between now() - interval '9 hours' and now() - interval '5 hours'", 'hole'],
      ['', "at > now() - interval '2 hours'", 'hole'],
      [of('value', 'at', '0'), 'true', 'thin'],
      [of('value', 'at', 'sample', ifNewest('null', 'coverage')), 'true', 'uncovered'],
      [of('value', 'at', 'sample', ifNewest('0.99', 'coverage')), 'true', 'not as asked'],
      [of(ifNewest('0.006', 'value')), 'true', 'not as asked'],
    ];
    for (const [columns, where, why] of cases)
      expect({ columns, where, ...(await judged(columns, where)) }).toEqual({
        columns,
        where,
        code: 1,
        status: 'FAIL',
        why,
      });
    await db.pool.query('drop table kept');
  });

  test('--at judges an earlier moment and keeps nothing; a time to come is refused', async () => {
    await passing('foundation');
    const count = async () => (await db.pool.query('select from sluice.gate_record')).rowCount;
    const before = await count();
    const earlier = new Date(Date.now() - 3_600_000).toISOString();
    const then = await run('gates', 'check', 'foundation', '--at', earlier, '--json');
    // the window of then is not full
    expect(then).toMatchObject({ code: 1, json: { at: earlier, record: null } });
    expect(await count()).toBe(before);
    expect((await run('gates', 'check', 'foundation', '--at', '2999-01-01T00:00:00Z')).code).toBe(2);
    expect((await run('gates', 'check', 'foundation', '--at', '2026-01-01T00:00:00')).code).toBe(2);
  });

  test('dos and pas are under the same commands, by their own reports', async () => {
    const dos = await run('gates', 'check', 'dos', '--runs-dir', join(folder, 'none'), '--json');
    expect(dos).toMatchObject({ code: 1, json: { migration: 'dos', status: 'FAIL' } });
    expect(dos.json.checks[0]).toMatchObject({ gate: 'REPORT_BOUND_TO_RUN', message: 'there is no report' });
    const pas = await run('gates', 'check', 'development');
    expect(pas.code).toBe(2);
    expect(pas.err).toContain('--out-dir');
    expect((await run('gates', 'history', '--migration', 'dos', '--json')).json).toHaveLength(1);
  });

  test('verify: whole, then not, by the exit code', async () => {
    await run('gates', 'check', 'foundation');
    const whole = await run('gates', 'verify', '--json');
    expect(whole).toMatchObject({ code: 0, json: { whole: true, unanchored: 0 } });
    const kept = `${whole.json.head.seq}:${whole.json.head.hash}`;
    expect((await run('gates', 'verify', '--head', kept)).code).toBe(0);
    expect((await run('gates', 'verify', '--head', 'x')).code).toBe(2);
    await db.pool.query(
      'set session_replication_role = replica; delete from sluice.gate_record where seq = (select max(seq) from sluice.gate_record); reset session_replication_role',
    );
    const cut = await run('gates', 'verify');
    expect(cut.code).toBe(1);
    expect(cut.out).toMatch(/cut off .*NOT whole/s);
    // as it was before this test: what follows goes on from a chain that is whole
    await db.pool.query(
      'set session_replication_role = replica; delete from sluice.gate_record; reset session_replication_role',
    );
    rmSync(join(folder, 'anchor.ndjson'));
  });

  test('what a command has measured is recorded; a ledger that is away is told, and no failure', async () => {
    const by = { migration: 'supabase', source: 'archive verify' };
    const figures = [{ figure: 'archive.faults', value: 0, sample: 9, coverage: 1 }] as const;
    await recorded(configOf(), by, figures);
    const check = await run('gates', 'check', 'decommission', '--json');
    expect(check.json.checks.map(({ why }: { why: string }) => why)).toEqual(['holds', 'no evidence', 'no evidence']);
    const away = { ...configOf(), servicesUrl: 'postgres://nobody@127.0.0.1:9/none' };
    let err = '';
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      err += String(text);
      return true;
    });
    await recorded(away, by, figures);
    expect(err).toContain('gates will have no evidence');
  });
});

describe('sluice phase', () => {
  const why = ['--reason', 'rehearsed twice'];

  test('on by a request, a PASS, and the names of two others; back with a reason; all of it in one chain', async () => {
    expect((await run('phase', 'show', 'supabase', '--json')).json).toMatchObject({
      phase: 'foundation',
      requested: null,
    });
    expect((await run('phase', 'approve', 'supabase', '--by', 'bob', ...why)).err).toContain('nobody has asked');
    expect((await run('phase', 'request', 'supabase', '--by', 'ann', ...why)).code).toBe(0);
    const refused = async (by: string, text: string): Promise<void> => {
      const { code, err } = await run('phase', 'approve', 'supabase', '--by', by, ...why);
      expect({ code, err }).toMatchObject({ code: 2, err: expect.stringContaining(text) });
    };
    await refused('Ann ', 'somebody else has to approve');
    await refused('bob', 'is signed');

    const failed = (await run('gates', 'check', 'foundation', '--json')).json.record.seq;
    expect((await run('gates', 'sign-off', String(failed), '--by', 'bob', ...why)).err).toContain('is a FAIL');
    await passing('foundation');
    const seq = String((await run('gates', 'check', 'foundation', '--json')).json.record.seq);
    expect((await run('gates', 'sign-off', seq, '--by', 'ANN', ...why)).err).toContain('somebody else has to sign');
    expect((await run('gates', 'sign-off', seq, '--by', 'bob')).code).toBe(2);
    expect((await run('gates', 'sign-off', seq, '--by', 'bob', ...why)).code).toBe(0);

    await oneFigure(db.pool, { migration: 'supabase', until: Date.now() }, { figure: 'dryRun.parked', value: 1 });
    await refused('cleo', 'does not PASS now');
    await oneFigure(db.pool, { migration: 'supabase', until: Date.now() }, { figure: 'dryRun.parked', value: 0 });
    expect((await run('phase', 'approve', 'supabase', '--by', 'cleo', ...why)).code).toBe(0);
    expect((await run('phase', 'show', 'supabase', '--json')).json).toMatchObject({ phase: 'read-parity' });

    expect((await run('phase', 'back', 'supabase', '--to', 'write-strangler', '--by', 'ann', ...why)).code).toBe(2);
    expect((await run('phase', 'back', 'supabase', '--to', 'foundation', '--by', 'ann', '--reason', ' ')).code).toBe(2);
    expect((await run('phase', 'back', 'supabase', '--to', 'foundation', '--by', 'ann', ...why)).code).toBe(0);
    const history = await run('phase', 'history', 'supabase', '--json');
    expect(
      history.json.map(({ kind, subject, actor, requester }: Record<string, string>) => [
        kind,
        subject,
        actor,
        requester,
      ]),
    ).toEqual([
      ['phase-back', 'foundation', 'ann', null],
      ['phase-approve', 'read-parity', 'cleo', 'ann'],
      ['phase-request', 'read-parity', 'ann', null],
    ]);
    expect((await run('phase', 'history', 'supabase')).out).toContain('rehearsed twice');
    // the signature was for the stay before
    await run('phase', 'request', 'supabase', '--by', 'ann', ...why);
    await refused('cleo', 'before foundation was entered');
    expect((await run('gates', 'verify')).code).toBe(0);
  });

  test('a migration without phases, and an unknown one, are wrong calls', async () => {
    expect((await run('phase', 'show', 'dos')).code).toBe(2);
    expect((await run('phase', 'request', 'nothing', ...why)).code).toBe(2);
  });
});

describe('signatures under samples', () => {
  const type = (over: object = {}) => ({ type: 'Patient', there: 9, sampled: 5, missing: 0, faults: 0, ...over });
  function pack(types: readonly object[], at = new Date().toISOString()): string {
    const dir = mkdtempSync(join(folder, 'pack-'));
    writeFileSync(join(dir, 'report.json'), JSON.stringify({ at, pipeline: 'supabase', types, faults: [] }));
    return dir;
  }
  const sign = (dir: string) =>
    run('gates', 'sign-off', '--samples', dir, '--by', 'dr bell', '--reason', 'read all of them');

  test('are for a pack without a fault, the newest one', async () => {
    const by = { migration: 'supabase', source: 'fhir sample-pack' };
    await recorded(configOf(), by, [
      { figure: 'samples.faults', value: 0, sample: 5, coverage: 1 },
      { figure: 'samples.signedOff', value: 0, sample: 5 },
    ]);
    const heldBy = async (clause: string): Promise<string> =>
      (await run('gates', 'check', 'read-parity', '--json')).json.checks.find(
        ({ gate }: { gate: string }) => gate === clause,
      ).why;
    expect(await heldBy('FHIR_SAMPLES_VALID')).toBe('holds');
    expect(await heldBy('FHIR_SAMPLES_SIGNED_OFF')).toBe('not as asked');
    expect((await sign(pack([type({ faults: 1 })]))).code).toBe(2);
    expect((await sign(pack([type(), type({ sampled: 0 })]))).code).toBe(2);
    expect((await sign(join(folder, 'none'))).code).toBe(2);
    expect((await sign(pack([type()], '2026-01-01T00:00:00.000Z'))).err).toContain('a newer pack');
    expect((await run('gates', 'sign-off', '--reason', 'x')).code).toBe(2);
    expect((await sign(pack([type()]))).code).toBe(0);
    expect(await heldBy('FHIR_SAMPLES_SIGNED_OFF')).toBe('holds');
    expect(readFileSync(join(folder, 'anchor.ndjson'), 'utf8').trim().split('\n').length).toBeGreaterThan(1);
  });
});
