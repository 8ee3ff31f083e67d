import { uuid5 } from '../../core/index.ts';
import { CLINICIANS } from './names.ts';

/** Names whose rows must be the same under every seed, because another seed may fill the same database. */
export const REHEARSAL_NAMESPACE = '0c9a6f0e-52a3-5d1b-8a8f-1f0f4a5f7e21';

export const staffEmail = (name: string): string => `${name}@example.org`;

const IDS = new Map(CLINICIANS.map((name) => [name, uuid5(REHEARSAL_NAMESPACE, `staff|${name}`)]));

export const staffId = (name: string): string => IDS.get(name) ?? uuid5(REHEARSAL_NAMESPACE, `staff|${name}`);
