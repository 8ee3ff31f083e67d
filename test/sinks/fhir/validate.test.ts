import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/core/index.ts';
import { validateResource } from '../../../src/sinks/fhir/validate/index.ts';

const patient = { resourceType: 'Patient', id: 'a-1', gender: 'female', birthDate: '1980-02-29' };

describe('a FHIR resource before it is sent', () => {
  it('passes when it is legal', () => {
    expect(validateResource(patient)).toEqual([]);
  });

  const faulty: readonly [string, JsonObject, string][] = [
    ['a code outside a required binding', { ...patient, gender: 'F' }, 'Patient.gender'],
    ['a day that does not exist', { ...patient, birthDate: '1981-02-29' }, 'Patient.birthDate'],
    ['an empty list', { ...patient, name: [] }, 'Patient.name'],
    [
      'two forms of one choice',
      { ...patient, deceasedBoolean: false, deceasedDateTime: '2020' },
      'Patient.deceasedDateTime',
    ],
    [
      'a reference to a type that may not be there',
      { ...patient, managingOrganization: { reference: 'Device/1' } },
      'Patient.managingOrganization',
    ],
    ['a list that should be one value', { ...patient, birthDate: ['1980-02-29'] }, 'Patient.birthDate'],
    ['an empty object', { ...patient, maritalStatus: {} }, 'Patient.maritalStatus'],
    ['an empty object for a text', { ...patient, birthDate: {} }, 'Patient.birthDate'],
    [
      'an identifier whose system is no address',
      { ...patient, identifier: [{ system: 'our-numbers', value: '7' }] },
      'Patient.identifier.system',
    ],
    ['a narrative that is no markup', { ...patient, text: { status: 'generated', div: 'Ash' } }, 'Patient.text.div'],
    ['an element nobody defined', { ...patient, shoeSize: 42 }, 'Patient.shoeSize'],
  ];
  for (const [what, resource, path] of faulty) {
    it(`is refused for ${what}, by place and without the value`, () => {
      const faults = validateResource(resource);
      expect(faults.map((fault) => fault.path)).toContain(path);
    });
  }
});

const shared = '../shared/supabase/fhir-faults';
describe.skipIf(!existsSync(shared))('the shared set of planted faults', () => {
  const index = existsSync(shared)
    ? (JSON.parse(readFileSync(`${shared}/index.json`, 'utf8')) as { f: string; valid: boolean }[])
    : [];
  for (const { f, valid } of index) {
    it(`${f} is ${valid ? 'legal' : 'refused'}`, () => {
      const faults = validateResource(JSON.parse(readFileSync(`${shared}/cases/${f}`, 'utf8')));
      expect(faults.length === 0, JSON.stringify(faults)).toBe(valid);
    });
  }
});
