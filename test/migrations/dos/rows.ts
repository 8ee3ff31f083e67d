import type { Image } from '../../../src/core/index.ts';
import type { Tables } from './directory.ts';

/** Invented services. Every one is moved as it stands; a test says what is different about its own. */

export const practice = (id: number, over: Image = {}): Image => ({
  id,
  uid: `uid-${id}`,
  name: 'GP: Larkspur Surgery',
  odscode: 'A99901',
  typeid: 100,
  statusid: 1,
  address: '4 Larkspur Row$Nether Moor',
  town: 'Penhallow',
  postcode: 'ZZ99 9ZZ',
  publicphone: '01632960101',
  nonpublicphone: '01632960102',
  email: 'desk@larkspur.nhs.uk',
  web: 'https://larkspur.example/',
  publicname: 'Larkspur Surgery',
  latitude: 51.5,
  longitude: -0.25,
  ...over,
});

export const enhancedAccess = (id: number, over: Image = {}): Image =>
  practice(id, { typeid: 152, odscode: 'U99901', name: 'PCN: Evenings', ...over });

export const chemist = (id: number, over: Image = {}): Image =>
  practice(id, {
    typeid: 13,
    odscode: 'FZZ01',
    name: 'Bellwether Pharmacy',
    publicname: 'Bellwether Pharmacy',
    ...over,
  });

export const bloodPressure = (id: number, over: Image = {}): Image =>
  chemist(id, { typeid: 148, odscode: 'FZZ01BPS', name: 'BP Check: Bellwether', ...over });

export const contraceptive = (id: number, over: Image = {}): Image =>
  chemist(id, { typeid: 149, odscode: 'FZZ01CON', name: 'Contraception: Bellwether', ...over });

export const pharmacyFirst = (id: number, over: Image = {}): Image =>
  chemist(id, { typeid: 132, odscode: 'FZZ01M06', name: 'PF++: Bellwether', ...over });

export const LOOKUPS: Tables = {
  openingtimedays: ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday', 'BankHoliday'].map(
    (name, place) => ({ id: place + 1, name }),
  ),
  dispositions: [
    { id: 1, name: 'Speak to a surgery', dxcode: 'DX901', dispositiontime: 60 },
    { id: 2, name: 'Without a code', dxcode: null, dispositiontime: null },
  ],
};

export const endpoint = (id: number, serviceid: number, over: Image = {}): Image => ({
  id,
  serviceid,
  endpointorder: 1,
  transport: 'itk',
  format: 'CDA',
  interaction: 'urn:example:consultation',
  businessscenario: 'Primary',
  address: 'https://itk.larkspur.example/in',
  comment: null,
  iscompressionenabled: 'uncompressed',
  ...over,
});
