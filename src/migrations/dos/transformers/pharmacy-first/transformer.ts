import { linkedPharmacy } from '../linked-pharmacy.ts';

export const pharmacyFirst = linkedPharmacy({
  name: 'PharmacyFirstTransformer',
  typeid: 132,
  suffixes: ['M06DSP', 'M06'],
  namePrefixes: ['PF++:'],
  nameTested: 'in-refusal',
  serviceType: 'Pharmacy First',
});
