import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MemoryItems } from '../../../src/app/dos/items.ts';
import { syncServices } from '../../../src/app/dos/service-sync.ts';
import { runDosPreview } from '../../../src/cli/commands/preview-dos.ts';
import { canonicalJson, type JsonObject } from '../../../src/core/index.ts';
import { DEFAULTS, TABLE_TARGETS } from '../../../src/migrations/dos/index.ts';
import { linesOf, REFERENCE, textOf } from '../../migrations/dos/vector-cases.ts';
import { comparable } from '../../migrations/dos/vectors.ts';

const ROWS = process.env.DOS_BULK_ROWS ?? join(REFERENCE, 'bulk_open_rows.json.gz');
const EXPECTED = process.env.DOS_BULK_EXPECTED ?? join(REFERENCE, 'bulk_open_expected.jsonl.gz');
const isThere = existsSync(ROWS) && existsSync(EXPECTED);
const AT = '2026-03-13T09:00:00.123456Z';

interface Line {
  readonly table: string;
  readonly item: JsonObject;
}

const nameOf = ({ table, item }: Line): string => `${table}/${item.source_record_id ?? item.id}`;
const formOf = ({ item }: Line): string => canonicalJson(comparable(item, true));

describe.skipIf(!isThere)('the services of the bulk file', { timeout: 120_000 }, () => {
  let folder: string;
  let rows: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-bulk-'));
    rows = join(folder, 'rows.json');
    await writeFile(rows, textOf(ROWS));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('preview to what the reference wrote, item for item', async () => {
    const out = join(folder, 'out');
    const { services } = await runDosPreview({ rows, out, at: AT });
    const [{ summary }, ...expected] = linesOf(textOf(EXPECTED)) as [{ summary: JsonObject }, ...Line[]];
    const tables = new Set(expected.map(({ table }) => table));
    const written = linesOf(await readFile(join(out, 'documents.jsonl'), 'utf8')) as Line[];
    const got = new Map(written.filter(({ table }) => tables.has(table)).map((line) => [nameOf(line), formOf(line)]));
    const wrong = expected.filter((line) => got.get(nameOf(line)) !== formOf(line)).map(nameOf);
    const more = got.size - (expected.length - wrong.length);
    console.log(`${expected.length - wrong.length} passed, ${wrong.length + Math.max(0, more - wrong.length)} failed`);
    expect(wrong.slice(0, 5)).toEqual([]);
    expect(got.size).toBe(expected.length);
    expect(services).toEqual(summary.metrics);
    expect([...tables].sort()).toEqual(
      [TABLE_TARGETS.state, TABLE_TARGETS.healthcareService, TABLE_TARGETS.location, TABLE_TARGETS.organisation].map(
        ({ table }) => table,
      ),
    );
  });

  test('log as often as the reference does', async () => {
    const tables = JSON.parse(await readFile(rows, 'utf8'));
    const [{ summary }] = linesOf(textOf(EXPECTED));
    const codes: Record<string, number> = {};
    const sync = { config: DEFAULTS, store: new MemoryItems(), now: () => AT, parallel: 1 };
    const ids: readonly number[] = tables.services.map(({ id }: { id: number }) => id);
    await syncServices(sync, tables, ids, ({ notes }) => {
      for (const { code } of notes) codes[code] = (codes[code] ?? 0) + 1;
    });
    expect(codes).toEqual(summary.logCounts);
  });
});
