import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { JsonObject } from '../../src/core/index.ts';
import { fhirResourcesOf } from '../../src/migrations/dos/index.ts';
import { dosDifferences } from '../support/dos-oracle.ts';
import { type Items, openItems } from '../support/dynamodb-items.ts';
import { type Rig, startRig } from '../support/rig.ts';

/** Ids of resources are made of the ids of rows alone, and others use the same FHIR server: nobody else has these rows. */
const FIRST = 1_000_000 + randomInt(1_000_000_000);
const [PRACTICE, EVENINGS, PHARMACY, LINKED, ENDPOINT] = [FIRST, FIRST + 1, FIRST + 2, FIRST + 3, FIRST];

let rig: Rig;
let items: Items;

const insert = (table: string, row: Readonly<Record<string, unknown>>) => {
  const names = Object.keys(row);
  const places = names.map((_, i) => `$${i + 1}`).join(', ');
  return rig.source.query(
    `insert into pathwaysdos.${table} (${names.join(', ')}) values (${places})`,
    Object.values(row),
  );
};

const service = (id: number, typeid: number, odscode: string, name: string) => ({
  id,
  uid: `uid-${id}`,
  name,
  odscode,
  publicname: 'Larkspur Row',
  typeid,
  statusid: 1,
  address: '4 Larkspur Row$Nether Moor$Cornwall',
  town: 'Penhallow',
  postcode: 'ZZ99 9ZZ',
  publicphone: '01632 960101',
  email: 'desk@larkspur.nhs.uk',
  latitude: 51.5,
  longitude: -0.25,
});

async function resource(type: string, id: string): Promise<JsonObject | null> {
  const response = await fetch(`${inject('stack').fhir}/${type}/${id}`);
  return response.status === 200 ? ((await response.json()) as JsonObject) : null;
}

/** The resources that the items in DynamoDB say there should be, as `Type/id`. */
async function wanted(): Promise<ReadonlyMap<string, JsonObject>> {
  const found = new Map<string, JsonObject>();
  for (const entity of ['organisation', 'location', 'healthcare-service'])
    for (const item of await items.all(entity))
      for (const one of fhirResourcesOf(entity, item)) found.set(`${one.resourceType}/${one.id}`, one);
  return found;
}

/** What the FHIR server holds otherwise than the items say. */
async function differing(): Promise<string[]> {
  const found: string[] = [];
  for (const [name, one] of await wanted()) {
    const held = await resource(String(one.resourceType), String(one.id));
    // what the server and the guard add: version, time and revision
    const same = Object.entries(one).filter(([member]) => member !== 'meta' && member !== 'extension');
    const bare = Object.fromEntries(same.map(([member]) => [member, held?.[member]]));
    try {
      expect(bare).toEqual(Object.fromEntries(same));
    } catch {
      found.push(`${name} ${held === null ? 'is missing' : 'differs'}`);
    }
  }
  return found;
}

beforeAll(async () => {
  rig = await startRig(inject('stack'), { migration: 'dos', rows: 0, variables: { SLUICE_DOS_FHIR: 'on' } });
  items = openItems(rig.config);
  rig.startWorker();
}, 120_000);
afterAll(() => rig.close());

describe('the Directory of Services into DynamoDB and, beside it, a FHIR server', () => {
  it('says the same in both, of each kind', async () => {
    await insert('services', service(PRACTICE, 100, 'A99901', 'GP: Larkspur'));
    await insert('services', service(EVENINGS, 152, 'U99901', 'PCN: Evenings'));
    await insert('services', service(PHARMACY, 13, 'FZZ01', 'Larkspur Pharmacy'));
    await insert('services', service(LINKED, 148, 'FZZ01BPS', 'BP: Larkspur'));
    const endpoint = { serviceid: PRACTICE, endpointorder: 1, transport: 'itk', businessscenario: 'Primary' };
    await insert('serviceendpoints', {
      ...endpoint,
      id: ENDPOINT,
      address: 'https://a.example/',
      interaction: 'urn:a',
    });
    await rig.settled(90);
    const kinds = [...(await wanted()).keys()].map((name) => name.replace(/\/.*/, ''));
    const count = (type: string): number => kinds.filter((kind) => kind === type).length;
    const types = ['Organization', 'Endpoint', 'Location', 'HealthcareService'];
    expect(types.map(count)).toEqual([2, 1, 2, 4]);
    expect(await differing()).toEqual([]);
  });

  it('follows changes: a new number, a closing, an endpoint that goes', async () => {
    const [endpoint] = [...(await wanted()).keys()].filter((name) => name.startsWith('Endpoint/'));
    await rig.source.query(`update pathwaysdos.services set publicphone = '01632 960202' where id = $1`, [PHARMACY]);
    await rig.source.query('update pathwaysdos.services set statusid = 2 where id = $1', [PRACTICE]);
    await rig.source.query('delete from pathwaysdos.serviceendpoints where id = $1', [ENDPOINT]);
    await rig.settled(90);
    expect(await differing()).toEqual([]);
    const named = [...(await wanted()).values()];
    expect(
      named.filter(({ resourceType, active }) => resourceType === 'Organization' && active === false),
    ).toHaveLength(1);
    expect(JSON.stringify(named)).toContain('01632960202');
    // nothing is deleted from a FHIR server: who follows a reference is told that it is out of use
    expect(await resource('Endpoint', String(endpoint).replace('Endpoint/', ''))).toMatchObject({ status: 'off' });
    expect(await dosDifferences(rig)).toEqual([]);
    expect(await rig.open.admin.listParked({ kind: 'document' })).toEqual([]);
  });
});
