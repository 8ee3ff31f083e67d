import { linkedPharmacy } from '../linked-pharmacy.ts';

export const contraception = linkedPharmacy({
  name: 'ContraceptionPharmacyTransformer',
  typeid: 149,
  suffixes: ['CON'],
  namePrefixes: ['Contraception: '],
  nameTested: 'in-refusal',
  serviceType: 'Oral Contraception Prescription and Supply',
});
