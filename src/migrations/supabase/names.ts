import { type Document, type DocumentRef, type JsonObject, uuid5 } from '../../core/index.ts';
import type { SupabaseConfig } from './config.ts';
import { alike } from './text.ts';

/** Every identifier, system and derived id of this migration, in one place. */
export class Names {
  readonly #namespace: string;
  readonly #base: string;
  readonly #files: string;

  constructor(config: SupabaseConfig) {
    this.#namespace = config.namespace;
    this.#base = config.base;
    this.#files = config.files;
  }

  uuid(name: string): string {
    return uuid5(this.#namespace, name);
  }

  /** identifier system, e.g. `patient` or `row/submissions` */
  system(name: string): string {
    return `${this.#base}${name}`;
  }

  /** anything else under the same site, e.g. `CodeSystem/source` */
  site(path: string): string {
    return `${this.#base.replace(/id\/$/, '')}${path}`;
  }

  /** address of a file in the new store; halves of surrogate pairs have no form in an address */
  file(path: string): string {
    const parts = path.replace(/\p{Cs}/gu, '').split('/');
    return `${this.#files}${parts.map(encodeURIComponent).join('/')}`;
  }

  /** id of the resource that carries this identifier */
  resource(type: string, system: string, value: string): string {
    return this.uuid(`${type}|${this.system(system)}|${value}`);
  }

  patient(matchKey: string): string {
    return this.resource('Patient', 'patient', matchKey);
  }

  location(normalised: string): string {
    return this.uuid(`location|${normalised}`);
  }

  vendor(normalised: string): string {
    return this.uuid(`vendor|${normalised}`);
  }

  correlation(table: string, key: string, lsn: string): string {
    return this.uuid(`corr|${table}|${key}|${lsn}`);
  }
}

/** How rooms and laboratories are told apart: they have no key at the source. Null when there is nothing to go by. */
export const nameKey = (text: unknown): string | null => (typeof text === 'string' ? alike(text) || null : null);

export const refTo = (type: string, id: string): DocumentRef => ({ target: `fhir.${type}`, id });

/** A resource as a document. `resource` must carry its type and id. */
export function fhirDocument(resource: JsonObject, orderKey: string, needs: readonly DocumentRef[] = []): Document {
  return {
    target: `fhir.${String(resource['resourceType'])}`,
    id: String(resource['id']),
    content: resource,
    orderKey,
    ...(needs.length === 0 ? {} : { needs }),
  };
}
