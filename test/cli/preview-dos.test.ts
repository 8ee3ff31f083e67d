import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type DosPreviewOptions,
  flagsOf,
  runDosPreview,
  spokenDosSummary,
} from '../../src/cli/commands/preview-dos.ts';
import { bloodPressure, chemist, enhancedAccess, LOOKUPS, practice } from '../migrations/dos/rows.ts';
import { linesOf } from '../migrations/dos/vector-cases.ts';

const AT = '2026-03-13T09:00:00.5Z';
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-preview-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function preview(content: unknown, more: Partial<DosPreviewOptions> = {}) {
  const rows = join(folder, 'rows.json');
  const out = join(folder, 'out');
  await writeFile(rows, typeof content === 'string' ? content : JSON.stringify(content));
  const summary = await runDosPreview({ rows, out, at: AT, ...more });
  const [documents, issues] = await Promise.all(
    ['documents.jsonl', 'issues.jsonl'].map(async (name) => linesOf(await readFile(join(out, name), 'utf8'))),
  );
  return { summary, documents: documents ?? [], issues: issues ?? [] };
}

describe('preview of the Directory of Services', () => {
  test('names the tables of the file that no rule reads, so that a mistyped one shows', async () => {
    const { summary } = await preview({ services: [], service: [{ id: 1 }], '\u001b[2Jx': [] });
    expect(summary.unread).toEqual(['service', '\u001b[2Jx']);
    expect(spokenDosSummary(summary, 'out')).toContain('read by no rule: service, ??2Jx\n');
    expect((await preview({ ...LOOKUPS, services: [practice(1)] })).summary.unread).toEqual([]);
  });

  test('writes the items of each service and a line that says what became of it', async () => {
    const services = [enhancedAccess(3), practice(1, { email: null }), bloodPressure(2), practice(4, { statusid: 2 })];
    const { documents, issues, summary } = await preview({ ...LOOKUPS, services, servicetypes: [{ id: 100 }] });
    expect(documents.map(({ table }) => table)).toEqual([
      'organisation',
      'location',
      'healthcare-service',
      'data-migration-state',
      'healthcare-service',
      'data-migration-state',
      'triage-code',
    ]);
    expect(documents[0]?.item).toMatchObject({ name: 'Larkspur Surgery', created: '2026-03-13T09:00:00.500000Z' });
    // a null key of an index is left out, another null stays
    expect(documents[4]?.item).not.toHaveProperty('providedBy');
    expect(documents[4]?.item).toHaveProperty('ageEligibilityCriteria', null);
    expect(issues).toMatchObject([
      {
        service_id: 1,
        outcome: 'inserted',
        transformer: 'GPPracticeTransformer',
        issues: [{ code: 'email_not_string' }],
      },
      { service_id: 2, outcome: 'error', error: { kind: 'parent_not_found' } },
      { service_id: 3, outcome: 'inserted', reason: null, error: null },
      { service_id: 4, outcome: 'skipped', reason: 'not_active' },
    ]);
    expect(summary.services).toMatchObject({ total: 4, inserted: 2, errors: 1, skipped: 1 });
  });

  test('leaves out what a flag turns off', async () => {
    const { documents, issues } = await preview({ services: [chemist(1)] }, { flags: ['pharmacy=off'] });
    expect(documents).toEqual([]);
    expect(issues).toMatchObject([{ outcome: 'unsupported', reason: 'no_transformer' }]);
    const off = { pharmacy: false, searchTriageCode: false };
    expect(flagsOf(['pharmacy=off', 'searchTriageCode=false'])).toEqual(off);
    expect(flagsOf(['{"pharmacy":false,"data_migration_search_triage_code_enabled":false}'])).toEqual(off);
    expect(flagsOf(['pharmacy', 'countyMatching=exact'])).toEqual({ pharmacy: true, countyMatching: 'exact' });
  });

  test('a service whose row does not fit is told of, and the others go on', async () => {
    const { issues } = await preview({ services: [practice(1, { typeid: 'hundred' }), practice(2)] });
    expect(issues).toMatchObject([
      { service_id: 1, outcome: 'error', error: { kind: 'row_invalid', reason: expect.stringContaining('typeid') } },
      { service_id: 2, outcome: 'inserted' },
    ]);
  });

  test.each([
    ['no JSON', '{', {}, 'not JSON'],
    ['a list', [], {}, 'no object of tables'],
    ['a table that is no list', { services: {} }, {}, 'services is no list'],
    ['a row that is none', { services: [1] }, {}, 'services, row 1 is no object'],
    ['a row without an id', { services: [practice(1), { id: '2' }] }, {}, 'services, row 2 has no id'],
    ['an id that comes twice', { services: [practice(1), practice(1)] }, {}, 'services, row 2 has the id'],
    ['no time', {}, { at: undefined }, '--at'],
    ['a time that is none', {}, { at: '2026-13-01T00:00:00Z' }, '--at'],
    ['a time of another zone', {}, { at: '2026-03-13T09:00:00+01:00' }, '--at'],
    ['an unknown flag', {}, { flags: ['everything=on'] }, '--flags'],
    ['a flag that is neither on nor off', {}, { flags: ['pharmacy=perhaps'] }, '--flags'],
    ['a file that is not there', {}, { rows: '/nowhere/rows.json' }, 'cannot be read'],
  ])('%s is refused in words', async (_what, content, more, words) => {
    const refused = expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining(words) });
    await expect(preview(content, more as Partial<DosPreviewOptions>)).rejects.toEqual(refused);
  });
});
