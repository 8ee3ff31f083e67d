import type { Document, DocumentRef, Image, Json, JsonObject } from '../../core/index.ts';
import { readRow } from './columns.ts';
import { DEFAULTS, type SupabaseConfig } from './config.ts';
import { type ChangeFacts, deletionAudit, provenance } from './fhir/change-provenance.ts';
import { type EventKind, eventAudit, eventProvenance } from './lab-order-events/papers.ts';
import { LAB_ORDER_EVENT } from './lab-order-events/row.ts';
import { serviceRequestId } from './lab-orders/service-request.ts';
import { Names } from './names.ts';
import { hasOwnResources, NO_RESOURCES, ownResources } from './own-resources.ts';
import { instantOf } from './time.ts';

export type { ChangeFacts } from './fhir/change-provenance.ts';

/** One change, and the documents as they are right after it. */
export interface BundleInput {
  readonly facts: ChangeFacts;
  /** image after the change; the last one of a deleted row */
  readonly image: Image;
  /** documents this change wrote, appended or retired */
  readonly changed: readonly DocumentRef[];
  readonly find: (ref: DocumentRef) => Document | undefined;
}

/** Which identifier of a resource is ours, the one it is addressed by. */
const OWN_SYSTEM: Readonly<Record<string, string>> = {
  Patient: 'patient',
  QuestionnaireResponse: 'submission',
  RelatedPerson: 'guardian',
  Consent: 'consent',
  Appointment: 'appointment',
  ServiceRequest: 'lab-order',
  DiagnosticReport: 'lab-report',
  CarePlan: 'action-plan',
  DocumentReference: 'action-plan-document',
  Task: 'compliance-task',
  Location: 'location',
  Observation: 'temperature-log',
};

type Addressed = (type: string, id: string) => string | null;

/** Renders the neutral form of a change: a transaction bundle that any FHIR server takes, addressed by identifiers. */
export class BundleRenderer {
  readonly #names: Names;

  constructor(config: Partial<SupabaseConfig> = {}) {
    this.#names = new Names({ ...DEFAULTS, ...config });
  }

  correlation(table: string, key: string, lsn: string): string {
    return this.#names.correlation(table, key, lsn);
  }

  /** Whether a change that has no bundle may get one later, with the event that brings what it waits for. */
  mayFollow(table: string): boolean {
    return hasOwnResources(table);
  }

  /** The bundle of a change; null when it has no FHIR, or none yet. */
  render(given: BundleInput): JsonObject | null {
    const at = instantOf(given.facts.at) ?? given.facts.at;
    const input = { ...given, facts: { ...given.facts, at } };
    return input.facts.table === 'lab_order_events' ? this.#eventBundle(input) : this.#stateBundle(input);
  }

  #stateBundle(input: BundleInput): JsonObject | null {
    const { facts, find } = input;
    const own = hasOwnResources(facts.table) ? ownResources(this.#names, facts, input.image, find) : NO_RESOURCES;
    if (own === null) return null;
    const owned = new Set(own.resources.map((document) => document.id));
    const others = input.changed
      .filter((ref) => ref.target.slice('fhir.'.length) in OWN_SYSTEM && !owned.has(ref.id))
      .flatMap((ref) => find(ref) ?? [])
      .sort((x, y) => (`${x.target} ${x.id}` < `${y.target} ${y.id}` ? -1 : 1));
    const resources = [...own.resources, ...others];
    if (resources.length === 0) return null;
    const inside = new Set(resources.map((document) => document.id));
    const addressed = this.#addressing(inside, find);
    const entries = resources.map(({ id, content }) => {
      const isStub = own.stub === id && !input.changed.some((ref) => ref.id === id && ref.target === 'fhir.Patient');
      return this.#resourceEntry(id, content, isStub, addressed);
    });
    const urns = resources.map((document) => `urn:uuid:${document.id}`);
    const papers = [provenance(this.#names, facts, urns)];
    if (facts.op === 'd' && own.main !== null) papers.push(deletionAudit(this.#names, facts, `urn:uuid:${own.main}`));
    return this.#bundle(`${facts.key}|${facts.lsn}`, facts, [...entries, ...papers.map(paperEntry)]);
  }

  #eventBundle({ facts, image, changed }: BundleInput): JsonObject | null {
    const row = readRow(LAB_ORDER_EVENT, image);
    const kind = kindOf(changed);
    if (row === null || kind === null) return null;
    const order = `ServiceRequest/${serviceRequestId(this.#names, row.lab_order_id)}`;
    const outside = conditional('ServiceRequest', this.#names.system('lab-order'), row.lab_order_id);
    const addressed: Addressed = (type, id) => (`${type}/${id}` === order ? outside : null);
    const papers = [eventProvenance(this.#names, row, facts, kind), eventAudit(this.#names, row, facts, kind)];
    const entries = papers.map((paper) => paperEntry(readdressed(paper, addressed) as JsonObject));
    return this.#bundle(kind === 'event' ? facts.key : `${facts.key}|${facts.lsn}`, facts, entries);
  }

  #bundle(name: string, facts: ChangeFacts, entry: readonly JsonObject[]): JsonObject {
    const id = this.#names.uuid(`Bundle|${facts.table}|${name}`);
    return { resourceType: 'Bundle', id, type: 'transaction', timestamp: facts.at, entry };
  }

  #addressing(inside: ReadonlySet<string>, find: BundleInput['find']): Addressed {
    return (type, id) => {
      if (inside.has(id)) return `urn:uuid:${id}`;
      const content = find({ target: `fhir.${type}`, id })?.content;
      const value = content && this.#identifier(content);
      return value ? conditional(type, this.#system(type), value) : null;
    };
  }

  #resourceEntry(id: string, content: JsonObject, isStub: boolean, addressed: Addressed): JsonObject {
    const { id: _id, ...rest } = content;
    const type = String(content['resourceType']);
    const address = conditional(type, this.#system(type), this.#identifier(content) ?? '');
    return {
      fullUrl: `urn:uuid:${id}`,
      resource: readdressed(rest, addressed),
      request: isStub
        ? { method: 'POST', url: type, ifNoneExist: address.slice(type.length + 1) }
        : { method: 'PUT', url: address },
    };
  }

  #system(type: string): string {
    return this.#names.system(OWN_SYSTEM[type] ?? '');
  }

  #identifier(content: JsonObject): string | null {
    const system = this.#system(String(content['resourceType']));
    const identifiers = [content['identifier'] ?? []].flat() as readonly JsonObject[];
    const value = identifiers.find((identifier) => identifier['system'] === system)?.['value'];
    return typeof value === 'string' ? value : null;
  }
}

const conditional = (type: string, system: string, value: string): string =>
  `${type}?identifier=${encodeURIComponent(system)}|${encodeURIComponent(value)}`;

const paperEntry = (paper: JsonObject): JsonObject => ({
  fullUrl: `urn:uuid:${String(paper['id'])}`,
  resource: paper,
  request: { method: 'PUT', url: `${String(paper['resourceType'])}/${String(paper['id'])}` },
});

/** What a change of an event's row amounted to, told by what it appended. */
function kindOf(changed: readonly DocumentRef[]): EventKind | null {
  const targets = new Set(changed.map((ref) => ref.target));
  if (targets.has('diagnostics.lab_order_event')) return 'event';
  if (targets.has('diagnostics.lab_order_event_amendment')) return 'amendment';
  return targets.has('diagnostics.lab_order_event_tombstone') ? 'deletion' : null;
}

/** The same resource with every literal reference written as the bundle needs it. */
function readdressed(value: Json, addressed: Addressed): Json {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return (value as readonly Json[]).map((member) => readdressed(member, addressed));
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => {
      const literal = key === 'reference' && typeof member === 'string' ? /^([A-Za-z]+)\/(.+)$/.exec(member) : null;
      const address = literal ? addressed(literal[1] as string, literal[2] as string) : null;
      return [key, address ?? readdressed(member, addressed)];
    }),
  );
}
