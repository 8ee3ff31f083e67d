import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FileItems } from '../../../src/app/dos/file-items.ts';

let place: string;
beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'sluice-file-items-'));
});
afterAll(() => rm(place, { recursive: true, force: true }));

const write = { entity: 'organisation', id: 'o1', before: null, after: { id: 'o1', name: 'Ash Surgery' } } as const;

describe('items in files', () => {
  test('begin anew where there is no progress', async () => {
    const items = await FileItems.open(join(place, 'new'));
    expect(items.after).toBeNull();
    await items.write([write]);
    await items.keep(7);
    await items.close();
    const again = await FileItems.open(join(place, 'new'));
    expect(again.after).toBe(7);
    await again.close();
  });

  test('never begin anew where the progress is there and cannot be read: what was written stays', async () => {
    const folder = join(place, 'unreadable');
    await mkdir(join(folder, 'progress.json'), { recursive: true });
    await writeFile(join(folder, 'organisation.jsonl'), '{"id":"o1"}\n');
    await expect(FileItems.open(folder)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('EISDIR'),
    });
    expect(await readFile(join(folder, 'organisation.jsonl'), 'utf8')).toBe('{"id":"o1"}\n');
  });

  test.each(['not JSON', '{"bytes": 1}', 'null'])('are not made where the progress is another’s: %s', async (text) => {
    const folder = await mkdtemp(join(place, 'other-'));
    await writeFile(join(folder, 'progress.json'), text);
    await expect(FileItems.open(folder)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  test('say where they cannot be: a file in place of the folder, a folder that goes away', async () => {
    const file = join(place, 'file');
    await writeFile(file, '');
    await expect(FileItems.open(file)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('--output-dir'),
    });
    const folder = join(place, 'gone');
    const items = await FileItems.open(folder);
    await rm(folder, { recursive: true });
    await items.write([write]);
    await expect(items.keep(1)).rejects.toMatchObject({ code: 'TARGET_UNAVAILABLE' });
    await items.close();
  });
});
