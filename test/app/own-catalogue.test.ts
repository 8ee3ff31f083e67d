import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadHouseContract } from '../../src/app/pas/house-contract.ts';
import { importOwnCatalogue } from '../../src/app/pas/own-catalogue.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-pas-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const { catalogue } = loadHouseContract();
const file = (content: string | Buffer): string => {
  const path = join(folder, 'own.csv');
  writeFileSync(path, content);
  return path;
};

describe('a hospital’s own catalogue', () => {
  test('is written, and read in place of ours with our target', () => {
    const out = join(folder, 'catalogue');
    const made = importOwnCatalogue(file('table,column,size\nPATDATA,InternalPatientNumber,9\n'), out, catalogue, {
      replace: false,
    });
    expect(made).toMatchObject({ tables: 1, columns: 1 });
    expect(made.differences.filter(({ kind }) => kind === 'TABLE_LESS')).toHaveLength(416);
    const own = loadHouseContract({ catalogue: out });
    expect([...own.catalogue.sourceTables.keys()]).toEqual(['PATDATA']);
    expect(own.catalogue.targetFields.size).toBe(38);
    expect(own.hashes.catalogue).not.toBe(loadHouseContract().hashes.catalogue);
    expect(own.hashes.contract).toBe(loadHouseContract().hashes.contract);
  });

  test('is not written over one that is there', () => {
    const path = file('table,column\nGP,GpCode\n');
    importOwnCatalogue(path, folder, catalogue, { replace: false });
    const before = readFileSync(join(folder, 'source-columns.csv'), 'utf8');
    file('table,column\nWARD,Ward\n');
    expect(() => importOwnCatalogue(path, folder, catalogue, { replace: false })).toThrow(/already there; --replace/);
    expect(readFileSync(join(folder, 'source-columns.csv'), 'utf8')).toBe(before);
    importOwnCatalogue(path, folder, catalogue, { replace: true });
    expect(readFileSync(join(folder, 'source-columns.csv'), 'utf8')).toContain('WARD');
  });

  test('is refused in another encoding, and when it is not there', () => {
    const latin = Buffer.from('table,column\nGP,Gp\xe9\n', 'latin1');
    expect(() => importOwnCatalogue(file(latin), folder, catalogue, { replace: false })).toThrow(/is not UTF-8/);
    expect(() => importOwnCatalogue(join(folder, 'none.csv'), folder, catalogue, { replace: false })).toThrow(
      /there is no file/,
    );
    expect(() => loadHouseContract({ contract: join(folder, 'none') })).toThrow(/there is no folder/);
  });
});
