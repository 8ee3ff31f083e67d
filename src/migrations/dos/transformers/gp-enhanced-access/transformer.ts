import { healthcareServiceOf } from '../../documents/healthcare-service.ts';
import { readContacts } from '../../fields/contacts.ts';
import { isMissing, notActive, type Transformer } from '../transformer.ts';

const TYPES: readonly (number | null)[] = [136, 152];
const CODE = /^U\p{Nd}{5}$/u;
const EXCLUDED_NAMES = ['GP Protected Learning Time (PLT)', 'ARI - ', 'Primary Care CAS - '];

/** A service of a primary care network, which is no organisation of its own here. */
export const gpEnhancedAccess: Transformer = {
  name: 'GPEnhancedAccessTransformer',
  needs: 'searchTriageCode',
  refusal(row) {
    if (!TYPES.includes(row.typeid)) return 'type_mismatch';
    if (isMissing(row.odscode)) return 'ods_missing';
    return CODE.test([...row.odscode].slice(0, 6).join('')) ? null : 'ods_format';
  },
  exclusion(row, wasMoved) {
    const name = wasMoved ? undefined : EXCLUDED_NAMES.find((part) => row.name.includes(part));
    return notActive(row, wasMoved) ?? (name === undefined ? null : `name_excluded:${name}`);
  },
  check(source) {
    const { contacts, issues } = readContacts(source.row);
    const type = 'Primary Care Network Enhanced Access Service';
    const facts = { category: 'GP Services', type, at: null, contacts };
    return {
      issues,
      notes: [],
      build: (_around, log) => ({
        organisation: null,
        location: null,
        healthcareService: healthcareServiceOf(source, facts, log),
      }),
    };
  },
};
