import type { Chance } from '../chance.ts';
import type { Put } from './put.ts';

/** What may be wrong with a row, each as it is found in real extracts. */
const DIRT: readonly {
  readonly kind: string;
  readonly table: string;
  readonly soil: (row: Row, chance: Chance) => Row;
}[] = [
  { kind: 'nhs-check-digit', table: 'PATDATA', soil: (row) => ({ ...row, NhsNumber: '9990000000' }) },
  { kind: 'nhs-letters', table: 'PATDATA', soil: (row) => ({ ...row, NhsNumber: 'NHS999000001' }) },
  {
    kind: 'birth-29-february',
    table: 'PATDATA',
    soil: (row) => ({ ...row, InternalDateOfBirth: '20230229', PtDoB: '' }),
  },
  {
    kind: 'birth-placeholder',
    table: 'PATDATA',
    soil: (row) => ({ ...row, InternalDateOfBirth: '99999999', PtDoB: '' }),
  },
  {
    kind: 'birth-year-0001',
    table: 'PATDATA',
    soil: (row) => ({ ...row, InternalDateOfBirth: '00010101', PtDoB: '' }),
  },
  { kind: 'unmapped-ethnicity', table: 'PATDATA', soil: (row) => ({ ...row, EthnicType: 'QQ' }) },
  {
    kind: 'over-long-address',
    table: 'PATDATA',
    soil: (row) => ({ ...row, PtAddrLine1: 'A very long house name '.repeat(6) }),
  },
  { kind: 'postcode', table: 'PATDATA', soil: (row) => ({ ...row, PtAddrPostCode: 'NOT KNOWN' }) },
  { kind: 'orphan', table: 'ADMITDISCH', soil: (row) => ({ ...row, InternalPatientNumber: '999999999' }) },
  {
    kind: 'discharge-before-admission',
    table: 'ADMITDISCH',
    soil: (row) => ({ ...row, DischargeDate: '01/01/2020 10:00', IpDschDtimeInt: '202001011000' }),
  },
  { kind: 'unmapped-method', table: 'ADMITDISCH', soil: (row) => ({ ...row, MethodOfAdmission: '77' }) },
  { kind: 'date-text', table: 'OPREFERRAL', soil: (row) => ({ ...row, ReferralDate: 'last spring' }) },
  { kind: 'line-break', table: 'OPA', soil: (row) => ({ ...row, ApptComment: 'two\nlines' }) },
];

type Row = Readonly<Record<string, string>>;

/** Soils this share of the rows of the tables that have dirt; `count` is told of each. */
export function soiling(put: Put, share: number, chance: Chance, count: (kind: string) => void): Put {
  if (share === 0) return put;
  return (table, row) => {
    const kinds = DIRT.filter((dirt) => dirt.table === table);
    if (kinds.length === 0 || !chance.yes(share)) {
      put(table, row);
      return;
    }
    const dirt = chance.pick(kinds);
    count(dirt.kind);
    put(table, dirt.soil(row, chance));
  };
}
