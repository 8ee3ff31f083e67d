import type { Document, FhirTarget, JsonObject } from '../../../core/index.ts';
import type { HealthcareService } from '../documents/healthcare-service.ts';
import type { Location } from '../documents/location.ts';
import type { Organisation } from '../documents/organisation.ts';
import type { ServiceDocuments } from '../transformers/transformer.ts';
import { endpointResource } from './endpoint.ts';
import { healthcareServiceResource } from './healthcare-service.ts';
import { locationResource } from './location.ts';
import { organizationResource } from './organization.ts';

const target = (resourceType: string): FhirTarget => ({
  kind: 'fhir',
  name: `fhir.${resourceType}`,
  resourceType,
  mode: 'state',
});

export const FHIR_TARGETS: readonly FhirTarget[] = ['Organization', 'Endpoint', 'Location', 'HealthcareService'].map(
  target,
);

/** The resources of a service, those that others refer to first. */
export function fhirResources({ organisation, location, healthcareService }: ServiceDocuments): readonly JsonObject[] {
  return [
    ...(organisation === null ? [] : [organizationResource(organisation)]),
    ...(organisation?.endpoints ?? []).map(endpointResource).filter((endpoint) => endpoint !== null),
    ...(location === null ? [] : [locationResource(location)]),
    ...(healthcareService === null ? [] : [healthcareServiceResource(healthcareService)]),
  ];
}

/** The resources of one stored item; its table says what it is. */
export function fhirResourcesOf(entity: string, item: JsonObject): readonly JsonObject[] {
  // who stores a null says as much as who leaves the attribute out
  const stored: unknown = Object.fromEntries(Object.entries(item).filter(([, value]) => value !== null));
  return fhirResources({
    organisation: entity === 'organisation' ? (stored as Organisation) : null,
    location: entity === 'location' ? (stored as Location) : null,
    healthcareService: entity === 'healthcare-service' ? (stored as HealthcareService) : null,
  });
}

export const fhirDocuments = (documents: ServiceDocuments, orderKey: string): readonly Document[] =>
  fhirResources(documents).map((content) => ({
    target: `fhir.${String(content.resourceType)}`,
    id: String(content.id),
    content,
    orderKey,
  }));
