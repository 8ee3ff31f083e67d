import { uuid5 } from '../../core/index.ts';

/** The reference's own namespace: its ids and ours are the same. */
const NAMESPACE = 'fa3aaa15-9f83-4f4a-8f86-fd1315248bcb';

const idOf = (kind: string, key: number): string => uuid5(NAMESPACE, `${kind}-${key}`);

export const organisationId = (service: number): string => idOf('organisation', service);
export const locationId = (service: number): string => idOf('location', service);
export const healthcareServiceId = (service: number): string => idOf('healthcare_service', service);
export const endpointId = (row: number): string => idOf('endpoint', row);
/** key of a service's item in the state table */
export const stateId = (service: number): string => `services#${service}`;
