import type pg from 'pg';

type Columns = Readonly<Record<string, unknown>>;

type Rows = readonly (readonly [table: string, row: Columns])[];

/** A service as no one would think of it. */
interface OddService {
  readonly what: string;
  readonly service?: Columns;
  /** rows that belong to it; those of times to the row before them */
  readonly rows?: Rows;
  /** it is written, put aside with this code, waits for a row, or is nobody's */
  readonly becomes: 'written' | 'ROW_INVALID' | 'TARGET_REFUSED' | 'waiting' | 'nothing';
}

const opening = (date: string): Rows => [
  ['servicespecifiedopeningdates', { date }],
  ['servicespecifiedopeningtimes', { starttime: '09:00', endtime: '10:00', isclosed: false }],
];
const endpoint = (row: Columns): Rows => [
  ['serviceendpoints', { transport: 'itk', businessscenario: 'Primary', address: 'https://a.example/', ...row }],
];
const ages = (daysfrom: unknown, daysto: unknown): Rows => [['serviceagerange', { daysfrom, daysto }]];

/** What PostgreSQL takes in the columns of the Directory of Services, and nobody expects there. */
export const ODD_SERVICES: readonly OddService[] = [
  { what: 'a latitude without end', service: { latitude: 'Infinity', longitude: 1 }, becomes: 'ROW_INVALID' },
  { what: 'a longitude that is no number', service: { latitude: 1, longitude: 'NaN' }, becomes: 'ROW_INVALID' },
  {
    what: 'the greatest double and the least',
    service: { latitude: Number.MAX_VALUE, longitude: 5e-324 },
    becomes: 'written',
  },
  { what: 'a zero below zero', service: { latitude: '-0', longitude: 1 }, becomes: 'written' },
  { what: 'an age without end', rows: ages(0, 'Infinity'), becomes: 'ROW_INVALID' },
  { what: 'an age that is no number', rows: ages('NaN', 5), becomes: 'ROW_INVALID' },
  { what: 'an age of all time', rows: ages(-1e300, 1e300), becomes: 'written' },
  { what: 'a day that never comes', rows: opening('infinity'), becomes: 'ROW_INVALID' },
  { what: 'a day that never was', rows: opening('-infinity'), becomes: 'ROW_INVALID' },
  { what: 'a day of the year 10000', rows: opening('10000-01-01'), becomes: 'ROW_INVALID' },
  { what: 'the last day there is', rows: opening('5874897-12-31'), becomes: 'ROW_INVALID' },
  { what: 'the first day of all', rows: opening('0001-01-01'), becomes: 'written' },
  {
    what: 'times of change without end',
    service: { createdtime: 'infinity', modifiedtime: '-infinity', nextverificationdue: '4713-01-01 BC' },
    becomes: 'written',
  },
  {
    what: 'names beyond the first plane',
    service: { name: '\u{1d50a}'.repeat(255), publicname: '\u{1f3e5}'.repeat(100) },
    becomes: 'written',
  },
  { what: 'a public name that is too long', service: { publicname: '\u{1f3e5}'.repeat(101) }, becomes: 'ROW_INVALID' },
  { what: 'a script for a name', service: { publicname: '<script>alert(1)</script>' }, becomes: 'ROW_INVALID' },
  {
    what: 'references to characters that are none',
    service: { publicname: 'Surgery &#0; &#xD800; &#x110000;' },
    becomes: 'written',
  },
  {
    what: 'control characters, noncharacters and marks of direction',
    service: { name: '\u0001\u001f\u007f\u0085\u2028\ufffe\uffff', town: '\u202e\ufeff', web: '\u0007' },
    becomes: 'written',
  },
  {
    what: 'nothing in every column',
    service: { uid: '', name: '', town: '', postcode: '', web: '', email: '', publicphone: '', nonpublicphone: '' },
    becomes: 'written',
  },
  { what: 'an address of dollars', service: { address: '$'.repeat(512) }, becomes: 'written' },
  { what: 'a code with a line break after it', service: { odscode: 'A12345\n' }, becomes: 'written' },
  {
    what: 'a comment of 90 kilobytes',
    rows: endpoint({ endpointorder: 2_147_483_647, comment: 'x'.repeat(90_000) }),
    becomes: 'written',
  },
  {
    what: 'a comment no item can hold',
    rows: endpoint({ endpointorder: 1, comment: 'x'.repeat(420_000) }),
    becomes: 'TARGET_REFUSED',
  },
  { what: 'an endpoint of no kind', rows: endpoint({ endpointorder: 1, transport: 'pigeon' }), becomes: 'ROW_INVALID' },
  { what: 'an endpoint without its order', rows: endpoint({}), becomes: 'ROW_INVALID' },
  {
    what: 'a disposition that is not there',
    rows: [['servicedispositions', { dispositionid: 2_147_483_647 }]],
    becomes: 'written',
  },
  {
    what: 'a pair that is not there',
    rows: [['servicesgsds', { sgid: -1, sdid: 2_147_483_647 }]],
    becomes: 'written',
  },
  {
    what: 'a day that is not there',
    rows: [
      ['servicedayopenings', { dayid: -5 }],
      ['servicedayopeningtimes', { starttime: '24:00', endtime: '00:00' }],
    ],
    becomes: 'waiting',
  },
  {
    what: 'a type and a status that are not there',
    service: { typeid: 2_147_483_647, statusid: -2_147_483_648 },
    becomes: 'nothing',
  },
  { what: 'a number below zero', service: { id: -7 }, becomes: 'written' },
];

/** Ids no seed gives. */
const FIRST = 700_001;
export const idOfOdd = (service: OddService): number =>
  Number(service.service?.id ?? FIRST + ODD_SERVICES.indexOf(service));

const practice = (id: number): Columns => ({
  id,
  uid: `odd-${id}`,
  name: `GP: ${id}`,
  odscode: `A${String(Math.abs(id)).padStart(5, '0').slice(-5)}`,
  publicname: `Surgery ${id}`,
  typeid: 100,
  statusid: 1,
  address: '4 Larkspur Row$Nether Moor$Cornwall',
  town: 'Penhallow',
  postcode: 'ZZ99 9ZZ',
});

const TIMES: Readonly<Record<string, string>> = {
  servicedayopeningtimes: 'servicedayopeningid',
  servicespecifiedopeningtimes: 'servicespecifiedopeningdateid',
};

/** Inserts them all; ids that lead nowhere too, as sources have them whose constraints came late. */
export async function insertOddServices(client: pg.Client): Promise<void> {
  const insert = async (table: string, row: Columns): Promise<number> => {
    const names = Object.keys(row);
    const places = names.map((_, i) => `$${i + 1}`).join(', ');
    const made = await client.query<{ id: number }>(
      `insert into pathwaysdos.${table} (${names.join(', ')}) values (${places}) returning id`,
      Object.values(row),
    );
    return Number(made.rows[0]?.id);
  };
  await client.query('set session_replication_role = replica');
  try {
    for (const odd of ODD_SERVICES) {
      const id = idOfOdd(odd);
      await insert('services', { ...practice(id), ...odd.service });
      let last = 0;
      for (const [table, row] of odd.rows ?? []) {
        const time = TIMES[table];
        last = await insert(table, { ...row, [time ?? 'serviceid']: time ? last : id });
      }
    }
  } finally {
    await client.query('reset session_replication_role');
  }
}
