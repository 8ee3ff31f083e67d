import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { registerPreviewCommand } from '../../src/cli/commands/preview.ts';
import type { JsonObject } from '../../src/core/index.ts';
import { form, id, order, orderEvent, plan, visit } from '../migrations/supabase-story.ts';

const folders: string[] = [];
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = 0;
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-preview-'));
  folders.push(folder);
  return folder;
}

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the command as `main` does: its own exit code, and 2 for a wrong call. */
async function run(...args: readonly string[]): Promise<Ran> {
  const said = { out: '', err: '' };
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    said.out += String(text);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said.err += String(text);
    return true;
  });
  const program = new Command('sluice').exitOverride();
  registerPreviewCommand(program);
  for (const command of program.commands) command.exitOverride();
  let code = 0;
  try {
    await program.parseAsync(['preview', ...args], { from: 'user' });
    code = Number(process.exitCode ?? 0);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    code = error.exitCode === 0 ? 0 : 2;
  }
  vi.restoreAllMocks();
  return { code, ...said };
}

function rowsFile(lines: readonly (JsonObject | string)[]): string {
  const file = join(newFolder(), 'rows.ndjson');
  const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line)));
  writeFileSync(file, `${text.join('\n')}\n`);
  return file;
}

async function previewed(lines: readonly (JsonObject | string)[], ...more: readonly string[]) {
  const folder = join(newFolder(), 'made', 'here');
  return { folder, ...(await run('supabase', '--rows', rowsFile(lines), '--out', folder, ...more)) };
}

const linesOf = (folder: string, file: string): readonly JsonObject[] =>
  readFileSync(join(folder, file), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as JsonObject);

const bundlesOf = (folder: string): readonly string[] => readdirSync(join(folder, 'bundles')).sort();

const story: readonly JsonObject[] = [
  { table: 'appointments', op: 'c', row: visit(1) },
  { table: 'public.submissions', op: 'r', row: form(1, { nhs_number: 'not known' }), lsn: '24023128' },
  { table: 'lab_orders', op: 'c', row: order(1), lsn: 24023130, ts: '2026-03-01T10:00:00Z' },
  { table: 'lab_order_events', op: 'c', row: orderEvent(1), correlation_id: 'C0FFEE00-0000-4000-8000-000000000007' },
  { table: 'clinician_emails', op: 'c', row: { id: id.form(9) } },
  { table: 'lab_orders', op: 'd', row: order(1) },
];

describe('sluice preview', () => {
  test('writes documents by target and id, a bundle for each event that has FHIR, and what was odd', async () => {
    const { folder, code, err } = await previewed(story);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const documents = linesOf(folder, 'documents.jsonl');
    for (const one of documents) expect(Object.keys(one)).toEqual(['document', 'id', 'target']);
    const names = documents.map(({ target, id: key }) => `${target} ${key}`);
    expect(names).toEqual([...names].sort());
    expect(new Set(documents.map((one) => one.target))).toContain('diagnostics.lab_order_event');
    expect(documents.find((one) => one.target === 'intake.submission')?.document).toMatchObject({
      legacy_id: id.form(1),
      source_ts: expect.any(String),
      correlation_id: expect.any(String),
    });
    // the appointment waited for its form, which came by event 2
    expect(bundlesOf(folder)).toEqual([
      `2.appointments.c.${id.visit(1)}.json`,
      `2.submissions.r.${id.form(1)}.json`,
      `3.lab_orders.c.${id.order(1)}.json`,
      `4.lab_order_events.c.${id.event(1)}.json`,
      `6.lab_orders.d.${id.order(1)}.json`,
    ]);
    for (const name of bundlesOf(folder)) {
      const bundle = JSON.parse(readFileSync(join(folder, 'bundles', name), 'utf8')) as JsonObject;
      expect(bundle, name).toMatchObject({ resourceType: 'Bundle', type: 'transaction' });
    }
    expect(
      linesOf(folder, 'issues.jsonl').map(({ event, flow, code: issue, path }) => [event, flow, issue, path]),
    ).toEqual([
      [1, 'appointments', 'WAITING', ''],
      [2, 'submissions', 'NHS_NUMBER_INVALID', 'nhs_number'],
      [5, '', 'TABLE_NOT_MIGRATED', 'clinician_emails'],
    ]);
  });

  test('takes time, place and correlation of a change from its line', async () => {
    const { folder } = await previewed(story);
    const read = (name: string): string => readFileSync(join(folder, 'bundles', name), 'utf8');
    expect(JSON.parse(read(`3.lab_orders.c.${id.order(1)}.json`))).toMatchObject({
      timestamp: '2026-03-01T10:00:00.000Z',
    });
    expect(read(`4.lab_order_events.c.${id.event(1)}.json`)).toContain('c0ffee00-0000-4000-8000-000000000007');
  });

  test('writes the same bytes for the same rows, also over the results of other rows', async () => {
    const one = await previewed(story);
    const two = join(newFolder(), 'again');
    await run('supabase', '--rows', rowsFile([{ table: 'submissions', op: 'c', row: form(3) }]), '--out', two);
    await run('supabase', '--rows', rowsFile(story), '--out', two);
    expect(bundlesOf(two)).toEqual(bundlesOf(one.folder));
    const files = ['documents.jsonl', 'issues.jsonl', ...bundlesOf(two).map((name) => join('bundles', name))];
    for (const file of files)
      expect(readFileSync(join(two, file), 'utf8'), file).toBe(readFileSync(join(one.folder, file), 'utf8'));
  });

  test('gives other ids under another namespace, and other systems and addresses under another base', async () => {
    const rows = [...story.slice(1, 2), { table: 'action_plans', op: 'c', row: plan(1) }];
    const plain = await previewed(rows);
    const other = await previewed(
      rows,
      '--namespace',
      '11111111-2222-5333-8444-555555555555',
      '--base',
      'https://clinic.example/id/',
      '--files',
      'https://files.clinic.example/plans/',
    );
    const text = (made: string): string => readFileSync(join(made, 'documents.jsonl'), 'utf8');
    const patient = (made: string) => linesOf(made, 'documents.jsonl').find((one) => one.target === 'intake.patient');
    expect(patient(other.folder)?.id).not.toBe(patient(plain.folder)?.id);
    expect(text(other.folder)).toContain('https://clinic.example/id/patient');
    expect(text(other.folder)).toContain('https://files.clinic.example/plans/submissions/');
    expect(text(other.folder)).not.toContain('allergypath.example');
  });

  test('sums up in words, or in one line of JSON', async () => {
    const rows = [...story, { table: 'submissions', op: 'c', row: form(2, { eczema: 'perhaps' }) }];
    const words = await run('supabase', '--rows', rowsFile(rows), '--out', newFolder());
    expect(words.out).toMatch(/^7 events: \d+ documents, 5 bundles, 4 issues \(0 rows wait, 1 are parked\), in /);
    const json = await run('supabase', '--rows', rowsFile(rows), '--out', newFolder(), '--json');
    expect(JSON.parse(json.out)).toMatchObject({ events: 7, bundles: 5, issues: 4, waiting: 0, parked: 1 });
  });

  test('says that a row is parked by its columns, and goes on', async () => {
    const { folder, code } = await previewed([{ table: 'submissions', op: 'c', row: form(2, { eczema: 'perhaps' }) }]);
    expect(code).toBe(0);
    const text = readFileSync(join(folder, 'issues.jsonl'), 'utf8');
    expect(text).toContain('ROW_INVALID');
    expect(text).not.toContain('perhaps');
  });

  const good = JSON.stringify(story[1]);
  test.each([
    ['no JSON', '{"table": "submissions", secret', 'line 2: not JSON'],
    ['no row', '{"table":"submissions","op":"c","ts":"secret"}', 'line 2: row, ts: missing, or not as --help says'],
    ['no such op', '{"table":"submissions","op":"secret","row":{"id":"1"}}', 'line 2: op: missing'],
    ['a row without a key', '{"table":"submissions","op":"c","row":{"surname":"secret"}}', 'line 2: row: no id'],
    ['a list', '["secret"]', 'line 2: the line: missing'],
  ])('refuses %s by line and member, with exit code 2 and without a value', async (_what, line, message) => {
    const { code, err } = await previewed([good, line]);
    expect(code).toBe(2);
    expect(err).toContain(message);
    expect(err).not.toContain('secret');
    const json = await previewed([good, line], '--json');
    expect(JSON.parse(json.err)).toMatchObject({ code: 'BAD_INPUT', message: expect.stringContaining(message) });
  });

  test.each([
    [['supabase', '--out', 'x'], '--rows'],
    [['supabase', '--rows', '/nowhere/rows.ndjson', '--out', '/nowhere/out'], 'there is no file'],
    [['atlantis', '--rows', 'x', '--out', '/nowhere/out'], 'there is no migration'],
    [['supabase', '--rows', 'x', '--out', 'x', '--namespace', '7'], 'not a UUID'],
    [['supabase', '--rows', 'x', '--out', 'x', '--base', 'clinic'], 'not a URL'],
  ])('refuses the call %j with exit code 2', async (args, message) => {
    const { code, err } = await run(...args);
    expect(code).toBe(2);
    expect(err).toContain(message);
  });

  test('explains lines, results and exit codes in --help', async () => {
    const { code, out } = await run('--help');
    expect(code).toBe(0);
    for (const word of ['--rows', '--out', 'correlation_id', 'documents.jsonl', 'issues.jsonl', 'Exit codes: 0'])
      expect(out).toContain(word);
    expect(out).toContain('bundles/<n>.<table>.<op>.<id>.json');
  });
});
