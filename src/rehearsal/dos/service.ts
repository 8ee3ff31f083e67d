import { type Chance, chanceOf } from '../chance.ts';
import { DISCRIMINATORS, DISPOSITIONS, discriminatorId, GROUPS, groupId } from './lookups.ts';
import type { Row, RowSet, TableName } from './rows.ts';
import * as words from './words.ts';

/** Services come in blocks of twenty, so that a linked pharmacy finds its own among its neighbours. */
export const BLOCK = 20;

type Kind = 'practice' | 'access' | 'chemist' | 'distance' | 'pressure' | 'contraception' | 'first' | 'other';

const KINDS: readonly Kind[] = [
  ...Array<Kind>(6).fill('practice'),
  ...Array<Kind>(2).fill('access'),
  ...Array<Kind>(5).fill('chemist'),
  'distance',
  'pressure',
  'pressure',
  'contraception',
  'first',
  'first',
  'other',
];

const TYPE: Readonly<Record<Kind, number>> = {
  practice: 100,
  access: 152,
  chemist: 13,
  distance: 134,
  pressure: 148,
  contraception: 149,
  first: 132,
  other: 25,
};

const PHARMACY_LETTERS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** `F` and four letters or digits, one for each id below a million and a half. */
function pharmacyCode(id: number): string {
  const tail = [0, 1, 2, 3].map((place) => PHARMACY_LETTERS[Math.floor(id / 36 ** place) % 36]);
  return `F${tail.reverse().join('')}`;
}

/** The pharmacy of a block that its n-th service is linked to. */
const parentOf = (id: number, place: number): number => id - place + 8 + (place % 6);

function identity(id: number, kind: Kind, place: number, name: string): { odscode: string; name: string } {
  const linked = pharmacyCode(parentOf(id, place));
  switch (kind) {
    case 'practice':
      return {
        odscode: `${'ABCDEFGH'[Math.floor(id / 100_000) % 8]}${String(id % 100_000).padStart(5, '0')}`,
        name: `GP: ${name} Surgery`,
      };
    case 'access':
      return { odscode: `U${String(id % 100_000).padStart(5, '0')}`, name: `PCN: ${name} Evenings` };
    case 'chemist':
    case 'distance':
      return { odscode: pharmacyCode(id), name: `${name} Pharmacy` };
    case 'pressure':
      return { odscode: `${linked}BPS`, name: `BP Check: ${name}` };
    case 'contraception':
      return { odscode: `${linked}CON`, name: `Contraception: ${name}` };
    case 'first':
      return { odscode: `${linked}${place === 17 ? 'M06' : 'M06DSP'}`, name: `PF++: ${name}` };
    case 'other':
      return { odscode: 'RX9', name: `Nurses of ${name}` };
  }
}

const phone = (chance: Chance): string | null =>
  chance.weighted<string | null>([
    [`01632 960${chance.between(100, 999)}`, 12],
    [`+441632960${chance.between(100, 999)}`, 3],
    ['ask at the desk', 1],
    [null, 2],
  ]);

/** A service that nobody runs, with everything it has; the same for the same seed and id. */
export function makeService(seed: bigint, id: number): RowSet {
  const chance = chanceOf(seed, 'service', id);
  const place = (id - 1) % BLOCK;
  const kind = KINDS[place] ?? 'other';
  const called = `${chance.pick(words.NAMES)} ${id}`;
  const town = chance.pick(words.TOWNS);
  const lines = [
    `${chance.between(1, 99)} ${chance.pick(words.STREETS)}`,
    chance.yes(0.3) ? town : '',
    chance.pick(words.COUNTIES),
  ];
  const { odscode, name } = identity(id, kind, place, called);
  const email = chance.weighted([
    [`desk.${id}@nhs.net`, 10],
    [`desk@larkspur-${id}.example`, 2],
    [null, 1],
  ]);
  const row: Row = {
    id,
    uid: `9${String(id).padStart(9, '0')}`,
    name,
    odscode,
    publicname: kind === 'practice' ? `GP - ${called} Surgery - Main Desk` : `${called} &amp; Co`,
    typeid: TYPE[kind],
    statusid: chance.yes(0.92) ? 1 : 2,
    address: kind === 'practice' && chance.yes(0.02) ? 'Not Available' : lines.filter((line) => line !== '').join('$'),
    town,
    postcode: `ZZ${chance.between(1, 99)} ${chance.between(1, 9)}ZZ`,
    publicphone: phone(chance),
    nonpublicphone: phone(chance),
    email,
    web: `https://larkspur-${id}.example/`,
    latitude: chance.yes(0.05) ? null : 50 + chance.between(0, 50_000) / 10_000,
    longitude: -3 + chance.between(1, 29_000) / 10_000,
    organisationid: chance.between(1, 4),
    openallhours: false,
    restricttoreferrals: chance.yes(0.5),
    createdtime: '2019-05-01T08:00:00Z',
    modifiedtime: '2024-05-01T08:00:00Z',
    professionalreferralinfo: chance.yes(0.02) ? 'By telephone only. '.repeat(300) : null,
  };
  return { services: [row], ...belongings(chance, id) };
}

/** What belongs to a service. Ids are the service's with two digits more. */
function belongings(chance: Chance, service: number): RowSet {
  const first = service * 100;
  const set: Record<string, Row[]> = {};
  const add = (table: TableName, row: Row): number => {
    const rows = set[table] ?? [];
    set[table] = rows;
    const id = first + rows.length;
    rows.push({ id, ...row });
    return id;
  };
  for (let n = 1; n <= chance.between(0, 3); n++)
    add('serviceendpoints', { ...endpoint(chance, n), serviceid: service });
  for (let day = 1; day <= 8; day++) {
    if (chance.yes(day > 5 ? 0.7 : 0.05)) continue;
    const opening = add('servicedayopenings', { serviceid: service, dayid: day });
    const halves = chance.yes(0.2)
      ? [
          ['08:00', '12:30'],
          ['13:30', '18:00'],
        ]
      : [['08:00', '18:30']];
    for (const [starttime = '', endtime = ''] of halves)
      add('servicedayopeningtimes', { starttime, endtime, servicedayopeningid: opening });
  }
  for (let n = 0; n < chance.between(0, 2); n++) {
    const date = `2026-12-${20 + chance.between(0, 10)}`;
    const opening = add('servicespecifiedopeningdates', { date, serviceid: service });
    const isclosed = chance.yes(0.5);
    const times = isclosed ? { starttime: '00:00', endtime: '00:00' } : { starttime: '10:00', endtime: '14:00' };
    add('servicespecifiedopeningtimes', { ...times, isclosed, servicespecifiedopeningdateid: opening });
  }
  for (let n = 0; n < chance.between(1, 5); n++)
    add('servicesgsds', {
      serviceid: service,
      sgid: groupId(((service + n) % GROUPS) + 1),
      sdid: discriminatorId(((service * 3 + n) % DISCRIMINATORS) + 1),
    });
  for (let n = 0; n < chance.between(0, 4); n++)
    add('servicedispositions', { serviceid: service, dispositionid: ((service + n * 3) % DISPOSITIONS) + 1 });
  const ages = [
    [0, 364.25],
    [365.25, 1825.25],
    [1826.25, 5843],
    [5844, 47481.5],
  ] as const;
  for (const [daysfrom, daysto] of ages)
    if (chance.yes(0.8)) add('serviceagerange', { daysfrom, daysto, serviceid: service });
  return set;
}

export function endpoint(chance: Chance, order: number): Row {
  const transport = chance.weighted([
    ['itk', 6],
    ['email', 3],
    ['telno', 1],
    ['http', 1],
    // no such transport: its service is put aside
    ['fax', 0.05],
  ]);
  return {
    endpointorder: order,
    transport,
    format: chance.pick(['CDA', 'PDF', 'HTML', 'FHIR', 'xml', null]),
    interaction: `urn:example:interaction:${order}`,
    businessscenario: chance.pick(['Primary', 'Copy']),
    address: transport === 'email' ? 'in@nhs.net' : 'https://itk.larkspur.example/in',
    comment: chance.yes(0.3) ? 'tried first' : null,
    iscompressionenabled: chance.pick(['compressed', 'uncompressed']),
  };
}
