import { appendFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { opaqueKey } from '../../core/index.ts';
import type { IdentityKind, IssueBook } from '../../migrations/pas/index.ts';
import { shareOf } from './parts.ts';

const SHARES = 64;
const CELL = '\u001f';
const ENTRY = '\u001e';

const fileOf = (folder: string, share: number): string => join(folder, `identity-${share}`);

export interface IdentityFiles {
  add(kind: IdentityKind, value: string, patient: string): void;
  flush(): void;
}

/** What belongs to one patient only, with the patient, in files by value: those of one value meet in one file. */
export function createIdentityFiles(folder: string, fresh: boolean): IdentityFiles {
  const waiting = Array.from({ length: SHARES }, () => '');
  if (fresh) for (const share of waiting.keys()) rmSync(fileOf(folder, share), { force: true });
  return {
    add(kind, value, patient) {
      waiting[shareOf(value, SHARES)] += `${kind}${CELL}${value}${CELL}${patient}${ENTRY}`;
    },
    flush() {
      for (const [share, text] of waiting.entries()) if (text !== '') appendFileSync(fileOf(folder, share), text);
      waiting.fill('');
    },
  };
}

const FOUND = {
  nhs: { severity: 'ERROR', category: 'SOURCE_NHS_DUPLICATE', field: 'NhsNumber', says: 'the NHS number is also that' },
  district: {
    severity: 'WARN',
    category: 'SOURCE_DISTRICT_NUMBER_DUPLICATE',
    field: 'DistrictNumber',
    says: 'the district number is also that',
  },
  // likely, not certain: the source may know of two people; somebody has to look and merge them there
  person: {
    severity: 'WARN',
    category: 'SOURCE_DUPLICATE_PERSON',
    field: '',
    says: 'name, birth date, sex and postcode are also those',
  },
} as const satisfies Record<IdentityKind, unknown>;

/** What more than one patient has. A merge in the source makes two numbers one before this is looked at. */
export function checkIdentities(folder: string, book: IssueBook): void {
  for (let share = 0; share < SHARES; share++) {
    const path = fileOf(folder, share);
    if (!existsSync(path)) continue;
    const owner = new Map<string, string>();
    for (const entry of readFileSync(path, 'utf8').split(ENTRY)) {
      if (entry === '') continue;
      const [kind = '', value = '', patient = ''] = entry.split(CELL);
      const known = owner.get(`${kind}|${value}`);
      if (known === undefined) owner.set(`${kind}|${value}`, patient);
      else if (known !== patient) {
        const { severity, category, field, says } = FOUND[kind as IdentityKind];
        const message = `${says} of patient ${opaqueKey(known)}`;
        book.add({ severity, category, table: 'PATDATA', field, message }, () => opaqueKey(patient));
      }
    }
  }
}
