import { isPharmacyCode, PHARMACY_CODE_LENGTH } from '../../fields/pharmacy-code.ts';
import { lengthOf } from '../../fields/text.ts';
import { linkedPharmacy } from '../linked-pharmacy.ts';

const SUFFIX = 'BPS';

export const bloodPressureCheck = linkedPharmacy({
  name: 'PharmacyBPCheckTransformer',
  typeid: 148,
  suffixes: [SUFFIX],
  codeRefusal(code) {
    if (lengthOf(code) !== PHARMACY_CODE_LENGTH + SUFFIX.length) return 'ods_length';
    if (!code.endsWith(SUFFIX)) return 'ods_suffix';
    return isPharmacyCode(code.slice(0, -SUFFIX.length)) ? null : 'ods_format';
  },
  namePrefixes: ['BP Check:', 'BP:'],
  nameTested: 'in-exclusion',
  serviceType: 'Blood Pressure Check',
});
