import { describe, expect, test } from 'vitest';
import { compareCatalogues } from '../../../src/migrations/pas/catalogue/compare.ts';
import { importDictionary } from '../../../src/migrations/pas/catalogue/import.ts';
import { inferKey, inferType } from '../../../src/migrations/pas/catalogue/infer.ts';
import { readSourceFields, readSourceTables } from '../../../src/migrations/pas/catalogue/read.ts';
import { writeSourceCatalogue } from '../../../src/migrations/pas/catalogue/write.ts';
import { proposeField, proposeRows } from '../../../src/migrations/pas/contract/propose.ts';
import { readSheet } from '../../../src/migrations/pas/sheet.ts';
import { correctionsText, shipped } from './contract-files.ts';

const { catalogue, contract } = shipped();
const targets = [...catalogue.targetFields.values()].flatMap((fields) => [...fields.values()]);

describe('the shipped catalogues', () => {
  test('have every table and column of both sides', () => {
    expect(catalogue.sourceTables.size).toBe(417);
    expect([...catalogue.sourceFields.values()].reduce((sum, fields) => sum + fields.size, 0)).toBe(5387);
    expect([...catalogue.sourceTables.values()].filter(({ core }) => core)).toHaveLength(38);
    expect(catalogue.targetFields.size).toBe(38);
    expect(targets).toHaveLength(919);
    expect(targets.filter(({ knownFrom }) => knownFrom === 'data')).toHaveLength(39);
    expect(targets.filter(({ phantom }) => phantom)).toHaveLength(29);
    expect(catalogue.edges).toHaveLength(41);
  });

  test('know the columns of every key and every mark of deletion', () => {
    for (const { table, key, deletedBy } of catalogue.sourceTables.values())
      for (const column of [...key, ...(deletedBy === null ? [] : [deletedBy])])
        expect(catalogue.sourceFields.get(table)?.has(column), `${table}.${column}`).toBe(true);
  });

  test('have a type and a length for every column, and a form for every moment', () => {
    for (const { table, field, length, phantom } of targets)
      expect(phantom || length !== null, `${table}.${field}`).toBe(true);
    for (const fields of catalogue.sourceFields.values())
      for (const { table, field, type, format } of fields.values())
        expect(format !== null, `${table}.${field}`).toBe(['date', 'datetime', 'time'].includes(type));
  });

  test('are corrected where the lists were wrong, each time with a reason', () => {
    const system = targets.filter(({ field }) => field === 'system_code');
    expect(new Set(system.map(({ type, length }) => `${type} ${length}`))).toEqual(new Set(['code 10']));
    expect(catalogue.targetFields.get('LOAD_PMI')?.get('date_registered')?.type).toBe('date');
    expect(catalogue.targetFields.get('LOAD_PMI')?.get('date_of_birth')).toMatchObject({
      listedAs: 'of_birth',
      mandatory: true,
    });
    expect(catalogue.targetFields.get('LOAD_PMI')?.get('date_of_death')?.mandatory).toBe(false);
    const head = ['side', 'table', 'column', 'aspect', 'was', 'now', 'certainty', 'reason'];
    const corrections = readSheet('corrections.csv', correctionsText(), head);
    const noted = (aspect: string, table: string, column: string): boolean =>
      corrections.some(
        (row) => row.get('aspect') === aspect && row.get('table') === table && row.get('column') === column,
      );
    for (const row of corrections) expect(row.get('reason').length, row.place).toBeGreaterThan(10);
    for (const { table, field, listedAs, phantom, tornFrom, knownFrom } of targets) {
      if (listedAs !== field) expect(noted('name', table, listedAs), `${table}.${field}`).toBe(true);
      if (phantom) expect(noted('phantom', table, field), `${table}.${field}`).toBe(true);
      if (tornFrom !== null) expect(noted('table', table, field), `${table}.${field}`).toBe(true);
      if (knownFrom === 'data') expect(noted('added', table, field), `${table}.${field}`).toBe(true);
    }
  });

  test('say of no two columns that they are one', () => {
    for (const [table, fields] of catalogue.targetFields)
      expect(new Set([...fields.values()].map(({ listedAs }) => listedAs)).size, table).toBe(fields.size);
  });
});

describe('a hospital’s own dictionary', () => {
  const own = (text: string) => importDictionary('own.csv', text, catalogue);

  test('is read under other headings, with a byte order mark and quotes', () => {
    const made = own('\ufeffTable Name,"Field Name",Length\r\nPATDATA,NhsNumber,17\r\nPATDATA,"ArmBandDate",10\r\n');
    expect(made.sourceFields.get('PATDATA')?.get('NhsNumber')).toMatchObject({ size: 17, type: 'text' });
    expect(made.sourceFields.get('PATDATA')?.get('ArmBandDate')).toMatchObject({ type: 'date', format: 'DD/MM/CCYY' });
  });

  test('comes back from the files it is written to', () => {
    const made = own('table,column,size\nPATDATA,InternalPatientNumber,9\nNEWTAB,Code,4\nNEWTAB,MfRecStsInd,1\n');
    const sheets = writeSourceCatalogue(made);
    expect(readSourceTables(sheets.sourceTables)).toEqual(made.sourceTables);
    expect(readSourceFields(sheets.sourceColumns)).toEqual(made.sourceFields);
    expect(made.sourceTables.get('PATDATA')).toMatchObject({ key: ['InternalPatientNumber'], core: true });
    expect(made.sourceTables.get('NEWTAB')).toMatchObject({ grain: 'reference', deletedBy: 'MfRecStsInd' });
  });

  test('is compared with ours', () => {
    const made = own('table,column,size\nGP,GpCode,9\nGP,Mobile,20\nEXTRA,Code,4\n');
    const found = compareCatalogues(catalogue, made);
    expect(found).toContainEqual({ kind: 'SIZE', table: 'GP', column: 'GpCode', was: '8', now: '9' });
    expect(found).toContainEqual({ kind: 'COLUMN_MORE', table: 'GP', column: 'Mobile', was: '', now: '' });
    expect(found).toContainEqual({ kind: 'TABLE_MORE', table: 'EXTRA', column: '', was: '', now: '' });
    expect(found.filter(({ kind }) => kind === 'TABLE_LESS')).toHaveLength(416);
  });

  test.each<[string, string, RegExp]>([
    ['no headings', 'a,b\n1,2\n', /own\.csv must have the headings/],
    ['nothing', 'table,column\n', /own\.csv names no column/],
    ['a column twice', 'table,column\nGP,GpCode\nGP,GpCode\n', /own\.csv line 3: GP\.GpCode stands there twice/],
    ['a size that is none', 'table,column,size\nGP,GpCode,8.5\n', /line 2: size must be a whole number/],
    ['a name that is none', 'table,column\nGP,"Gp Code; drop"\n', /line 2: column must be a name/],
    ['a quote left open', 'table,column\nGP,"GpCode\n', /line 2 cannot be read as CSV/],
  ])('is refused with %s', (_, text, message) => {
    expect(() => own(text)).toThrow(message);
  });
});

describe('what is told from names', () => {
  test.each([
    ['PtDobInt', 8, 'date', 'CCYYMMDD'],
    ['AdmissionDate', 16, 'datetime', 'DD/MM/CCYY HH:MM'],
    ['EpsActvDtimeInt', 12, 'datetime', 'CCYYMMDDHHMM'],
    ['DateOnWl', 8, 'date', 'DD/MM/YY'],
    ['AdmissionTime', 10, 'time', 'HH:MM'],
    ['TheatreTime', 3, 'code', null],
    ['PtDeathIndInt', 1, 'flag', null],
    ['Surname', 24, 'text', null],
    ['SecondaryDiagSeqNo', 3, 'integer', null],
  ])('%s of %i characters is %s %s', (name, size, type, format) => {
    expect(inferType(name, size)).toEqual({ type, format });
  });

  test('a key by the columns a table has', () => {
    expect(inferKey(['InternalPatientNumber', 'EpisodeNumber', 'EpsActvDtimeInt']).grain).toBe('activity');
    expect(inferKey(['Intpatno', 'SeqNo']).key).toEqual(['Intpatno']);
    expect(inferKey(['Code', 'Deleted'])).toEqual({ grain: 'reference', key: [], deletedBy: 'Deleted' });
  });
});

describe('proposals', () => {
  const lines = [...catalogue.sourceFields.values()].flatMap((fields) =>
    [...fields.values()].map(({ table, field, size, element }) => [table, field, size ?? '', element]),
  );
  const dictionary = (rename: Readonly<Record<string, string>>): string =>
    `table,column,size,element\n${lines.map(([table, field, ...rest]) => [table, rename[`${table}.${field}`] ?? field, ...rest].join(',')).join('\n')}\n`;
  const withSource = (text: string) => ({ ...catalogue, ...importDictionary('own.csv', text, catalogue) });

  test('ours needs none', () => {
    expect(proposeRows(contract, withSource(dictionary({})), catalogue).open).toEqual([]);
  });

  test('a column of another name is found by its data element, and left for a person to approve', () => {
    const { open } = proposeRows(contract, withSource(dictionary({ 'PATDATA.NhsNumber': 'NHSNo' })), catalogue);
    const row = open.find(({ row }) => row.field === 'nhs_number');
    expect(row?.missing).toEqual(['PATDATA.NhsNumber']);
    expect(row?.candidates[0]).toMatchObject({
      source: { row: 'driver', table: 'PATDATA', field: 'NHSNo' },
      confidence: 'MEDIUM',
    });
    expect(row?.candidates[0]?.reason).toContain('the same data element');
    for (const { candidates } of open) for (const one of candidates) expect(one.confidence).not.toBe('HIGH');
  });

  test('without data elements a short form is known, and stands before what merely shares a word', () => {
    const text = dictionary({ 'PATDATA.NhsNumber': 'NHSNo' }).replaceAll(/,[^,\n]*$/gm, ',');
    const bare = text.replace(/^[^\n]*/, 'table,column,size,element');
    const { open } = proposeRows(contract, withSource(bare), catalogue);
    const row = open.find(({ row }) => row.table === 'LOAD_PMI' && row.field === 'nhs_number');
    expect(row?.candidates[0]).toMatchObject({ source: { table: 'PATDATA', field: 'NHSNo' }, confidence: 'MEDIUM' });
    expect(row?.candidates[0]?.reason).toContain('100 % of the words');
  });

  test('no table is joined for a likeness of names', () => {
    const { open } = proposeRows(contract, withSource(dictionary({ 'PATDATA.PtAddrLine1': 'HomeLine' })), catalogue);
    for (const { row, candidates } of open)
      if (row.table === 'LOAD_PMI')
        for (const { source } of candidates)
          expect(['PATDATA', 'GP', 'GDP', 'GPHISTORY', 'ADTLADDCOR']).toContain(source.table);
  });

  test('a table only the hospital has is proposed as one nobody reads yet', () => {
    const other = lines
      .map(([table, ...rest]) => [table === 'PATDATA' ? 'PATIENTS' : table, ...rest].join(','))
      .join('\n');
    const { open } = proposeRows(contract, withSource(`table,column,size,element\n${other}\n`), catalogue);
    const row = open.find(({ row }) => row.table === 'LOAD_PMI' && row.field === 'nhs_number');
    expect(row?.candidates[0]).toMatchObject({
      source: { row: '', table: 'PATIENTS', field: 'NhsNumber' },
      confidence: 'LOW',
    });
    expect(row?.candidates[0]?.reason).toContain('no plan reads PATIENTS yet');
  });

  test('phantoms and keys have no candidates', () => {
    expect(proposeField(contract, catalogue, 'LOAD_RTT_EVENTS', 'must')).toEqual([]);
    expect(proposeField(contract, catalogue, 'LOAD_PMI', 'record_number')).toEqual([]);
  });
});
