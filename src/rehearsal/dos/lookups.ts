import type { Row, RowSet } from './rows.ts';
import { SYMPTOMS, WHERE } from './words.ts';

export const DAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday', 'BankHoliday'];

const TYPES: Readonly<Record<number, string>> = {
  13: 'Pharmacy',
  25: 'Community Nursing',
  100: 'GP Practice',
  132: 'Pharmacy Enhanced',
  134: 'Pharmacy Distance Selling',
  136: 'GP Access Hub',
  148: 'Pharmacy Blood Pressure Check',
  149: 'Pharmacy Contraception',
  152: 'Primary Care Network Enhanced Access',
};

const count = (length: number, row: (id: number) => Row): Row[] => Array.from({ length }, (_, i) => row(i + 1));

export const GROUPS = 24;
export const DISCRIMINATORS = 48;
export const DISPOSITIONS = 20;

/** Ids of discriminators: some came with the service finder, which begins at 11000. */
export const discriminatorId = (place: number): number => (place % 6 === 0 ? 11_000 + place : 4_000 + place);
export const groupId = (place: number): number => 1_000 + place;

const symptom = (place: number): string =>
  `${SYMPTOMS[place % SYMPTOMS.length]} ${WHERE[place % WHERE.length]} (${place})`;

/** What services refer to. Some of it is odd on purpose: a group without discriminators, codes missing or twice. */
export const lookups = (): RowSet => ({
  servicetypes: Object.entries(TYPES).map(([id, name]) => ({ id: Number(id), name })),
  servicestatuses: ['active', 'closed', 'commissioning'].map((name, i) => ({ id: i + 1, name })),
  openingtimedays: DAYS.map((name, i) => ({ id: i + 1, name })),
  dispositions: count(DISPOSITIONS, (id) => ({
    id,
    name: `Speak to somebody within ${id} hours`,
    dxcode: id === 7 ? null : id === 9 ? 'DX908' : `DX${900 + id}`,
    dispositiontime: id % 5 === 0 ? null : id * 60,
  })),
  dispositiongroups: count(3, (id) => ({ id, uid: id, name: `Urgency ${id}`, dispositiontime: id * 60 })),
  dispositiongroupdispositions: count(6, (id) => ({ id, dispositionid: id, dispositiongroupid: (id % 3) + 1 })),
  symptomgroups: count(GROUPS, (place) => ({
    id: groupId(place),
    name: symptom(place),
    zcodeexists: place % 5 === 0 ? null : place % 2 === 0,
  })),
  symptomdiscriminators: count(DISCRIMINATORS, (place) => ({
    id: discriminatorId(place),
    description: `PW ${symptom(place)}`,
  })),
  symptomdiscriminatorsynonyms: count(DISCRIMINATORS, (id) => ({
    id,
    name: `also known as ${id}`,
    symptomdiscriminatorid: discriminatorId((id % 16) + 1),
  })),
  // the last group has none
  symptomgroupsymptomdiscriminators: count((GROUPS - 1) * 3, (id) => ({
    id,
    symptomgroupid: groupId(((id - 1) % (GROUPS - 1)) + 1),
    symptomdiscriminatorid: discriminatorId(((id * 7) % DISCRIMINATORS) + 1),
  })),
  organisations: count(4, (id) => ({
    id,
    name: `Board of the ${id}. region`,
    code: `Q9${id}`,
    startdate: '2013-04-01T00:00:00Z',
    organisationtypeid: 1,
    islocalrankingused: true,
  })),
});
