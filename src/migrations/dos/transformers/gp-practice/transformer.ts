import type { DosConfig } from '../../config.ts';
import { healthcareServiceOf } from '../../documents/healthcare-service.ts';
import { locationOf } from '../../documents/location.ts';
import { organisationOf } from '../../documents/organisation.ts';
import { type Address, readAddress } from '../../fields/address.ts';
import { readContacts } from '../../fields/contacts.ts';
import { type FieldIssue, fatal } from '../../fields/issue.ts';
import { readPublicName } from '../../fields/public-name.ts';
import type { ServiceRow } from '../../rows.ts';
import type { SourceService } from '../../services/source.ts';
import { type Checked, isMissing, notActive, type Transformer } from '../transformer.ts';

const TYPE = 100;
// one newline at the end is let pass, as the reference does
const CODE = /^[ABCDEFGHJKLMNPVWY][0-9]{5}\n?$/;

/** A surgery: organisation with its endpoints, location, and the consultation service. */
export const gpPractice: Transformer = {
  name: 'GPPracticeTransformer',
  needs: null,
  refusal(row) {
    if (row.typeid !== TYPE) return 'type_mismatch';
    if (isMissing(row.odscode)) return 'ods_missing';
    return CODE.test(row.odscode) ? null : 'ods_format';
  },
  exclusion: notActive,
  check: checkPractice,
};

function checkPractice(source: SourceService, config: DosConfig): Checked {
  const { row } = source;
  const { contacts, issues } = readContacts(row);
  const { name, issue: badName, notes } = readPublicName(row.publicname);
  const address = readAddress(row, config.countyMatching);
  const badAddress = addressIssue(row, address);
  return {
    issues: [...issues, ...(badName === null ? [] : [badName]), ...(badAddress === null ? [] : [badAddress])],
    notes,
    build: (around, log) => {
      const organisation = organisationOf(source, { name, type: 'GP Practice', withEndpoints: true });
      if (!around.config.searchTriageCode) return { organisation, location: null, healthcareService: null };
      const location = locationOf(row, address);
      const at = { organisation: organisation.id, location: location.id };
      const facts = { category: 'GP Services', type: 'GP Consultation Service', at, contacts };
      return { organisation, location, healthcareService: healthcareServiceOf(source, facts, log) };
    },
  };
}

function addressIssue(row: ServiceRow, address: Address | null): FieldIssue | null {
  if (isMissing(row.address) && isMissing(row.town) && isMissing(row.postcode))
    return fatal('address', 'address_required', 'no address is given');
  return address === null ? fatal('address', 'invalid_address', 'the address says nothing') : null;
}
