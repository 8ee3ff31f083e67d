import { OperationOutcomeError, validateResource as validateStructure } from '@medplum/core';
import type { OperationOutcomeIssue, Resource } from '@medplum/fhirtypes';
import type { JsonObject } from '../../../core/index.ts';
import { definitions } from './definitions.ts';
import { createSupplement, type Fault } from './supplement.ts';
import { createValueSets } from './value-sets.ts';

/** Who has looked when a report says that a resource was validated here, at what, and at what not. */
export const VALIDATOR =
  'Sluice, in process (@medplum/core 4.5.2 and rules of its own), FHIR R4 4.0.1: structure, invariants, required bindings, ' +
  'reference targets; profiles, SNOMED CT and LOINC are not looked at';

let supplement: ReturnType<typeof createSupplement> | null = null;

/**
 * What is wrong with a FHIR R4 resource by the core definitions; empty when nothing is. Terminology that is not in
 * the core (SNOMED CT, LOINC) is not looked at. Faults name places and rules, never values.
 */
export function validateResource(resource: JsonObject): readonly Fault[] {
  supplement ??= createSupplement(definitions(), createValueSets(definitions()));
  const structural = structureFaults(resource);
  return structural.length > 0 ? structural : supplement(resource);
}

function structureFaults(resource: JsonObject): readonly Fault[] {
  try {
    return faultsOf(validateStructure(resource as unknown as Resource), resource);
  } catch (error) {
    if (error instanceof OperationOutcomeError) return faultsOf(error.outcome.issue, resource);
    // a shape the check itself trips over is no legal shape
    return [{ path: String(resource.resourceType ?? 'resource'), rule: 'structure' }];
  }
}

const faultsOf = (issues: readonly OperationOutcomeIssue[], { resourceType }: JsonObject): readonly Fault[] =>
  issues
    .filter(({ severity }) => severity === 'error' || severity === 'fatal')
    .map(({ expression, code }) => ({
      path: expression?.[0] ?? String(resourceType ?? 'resource'),
      rule: code ?? 'structure',
    }));
