import { healthcareServiceOf } from '../../documents/healthcare-service.ts';
import { locationOf } from '../../documents/location.ts';
import { organisationOf } from '../../documents/organisation.ts';
import { readAddress } from '../../fields/address.ts';
import { readContacts } from '../../fields/contacts.ts';
import { isPharmacyCode, PHARMACY_CODE_LENGTH } from '../../fields/pharmacy-code.ts';
import { lengthOf } from '../../fields/text.ts';
import type { ServiceRow } from '../../rows.ts';
import { isMissing, notActive, type Transformer } from '../transformer.ts';

/** Kinds of pharmacy that stand by themselves, by their service type. */
const KINDS: ReadonlyMap<number | null, string> = new Map([
  [13, 'Community Pharmacy'],
  [134, 'Distance Selling Pharmacy'],
]);

/** service types a linked service may belong to */
export const PARENT_TYPES: readonly number[] = [13, 134];

export const isPharmacy = (row: Pick<ServiceRow, 'typeid'>): boolean => KINDS.has(row.typeid);

/** A community or distance selling pharmacy: organisation, location, and the essential services. */
export const pharmacy: Transformer = {
  name: 'BasePharmacyTransformer',
  needs: 'pharmacy',
  refusal(row) {
    if (!isPharmacy(row)) return 'type_mismatch';
    if (isMissing(row.odscode)) return 'ods_missing';
    if (lengthOf(row.odscode) !== PHARMACY_CODE_LENGTH) return 'ods_length';
    return isPharmacyCode(row.odscode) ? null : 'ods_format';
  },
  exclusion: notActive,
  check(source, config) {
    const { row } = source;
    const { contacts, issues } = readContacts(row);
    return {
      issues,
      notes: [],
      build: (_around, log) => {
        const type = KINDS.get(row.typeid) ?? '';
        const organisation = organisationOf(source, { name: row.publicname, type, withEndpoints: false });
        const location = locationOf(row, readAddress(row, config.countyMatching));
        const at = { organisation: organisation.id, location: location.id };
        const facts = { category: 'Pharmacy Services', type: 'Essential Services', at, contacts };
        return { organisation, location, healthcareService: healthcareServiceOf(source, facts, log) };
      },
    };
  },
};
