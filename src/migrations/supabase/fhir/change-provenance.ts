import {
  canonicalJson,
  type Document,
  type DocumentRef,
  type JsonObject,
  type Operation,
  type RecordedChange,
} from '../../../core/index.ts';
import { correlationOf, shortName, sourceInstant } from '../audit.ts';
import { fhirDocument, type Names } from '../names.ts';
import { concept, correlationMeta, narrative, resource, service } from './elements.ts';

const DATA_OPERATION = 'http://terminology.hl7.org/CodeSystem/v3-DataOperation';
const ACTIVITY: Readonly<Record<Operation, string>> = { c: 'CREATE', r: 'CREATE', u: 'UPDATE', d: 'NULLIFY' };

/** One change of one source row, as its papers name it. */
export interface ChangeFacts {
  /** without schema */
  readonly table: string;
  readonly key: string;
  readonly op: Operation;
  readonly lsn: string;
  readonly at: string;
  readonly correlationId: string;
}

export const factsOf = (names: Names, change: RecordedChange): ChangeFacts => ({
  table: shortName(change.table),
  key: change.key,
  op: change.op,
  lsn: change.lsn,
  at: sourceInstant(change),
  correlationId: correlationOf(names, { ...change, image: change.after }, change.op === 'd'),
});

/** Who changed what, when: one a change. `recorded` is the source's commit time, so that a replay makes the same bytes. */
export function provenance(names: Names, facts: ChangeFacts, targets: readonly string[]): JsonObject {
  const { table, key, op, lsn, at } = facts;
  return resource({
    resourceType: 'Provenance',
    id: names.uuid(`Provenance|${table}|${key}|${lsn}`),
    meta: correlationMeta(names, facts.correlationId),
    text: narrative(`Change ${op} of ${table} ${key}`),
    target: targets.map((target) => ({ reference: target })),
    occurredDateTime: at,
    recorded: at,
    activity: concept(DATA_OPERATION, ACTIVITY[op]),
    agent: [
      {
        type: concept('http://terminology.hl7.org/CodeSystem/provenance-participant-type', 'assembler'),
        who: service(names, 'fhir-sync'),
      },
    ],
    entity: [{ role: 'source', what: { identifier: { system: names.system(`row/${table}`), value: key } } }],
  });
}

/** That a row was deleted at the source; what was made of it is kept as entered in error. */
export function deletionAudit(names: Names, facts: ChangeFacts, target: string): JsonObject {
  const { table, key, lsn, at, correlationId } = facts;
  return resource({
    resourceType: 'AuditEvent',
    id: names.uuid(`AuditEvent|${table}|${key}|${lsn}`),
    meta: correlationMeta(names, correlationId),
    text: narrative(`Deletion of ${table} ${key}`),
    type: {
      system: 'http://dicom.nema.org/resources/ontology/DCM',
      code: '110100',
      display: 'Application Activity',
    },
    action: 'D',
    recorded: at,
    outcome: '0',
    agent: [{ who: service(names, 'fhir-sync'), requestor: true }],
    source: { site: 'allergypath', observer: { identifier: service(names, 'fhir-sync')['identifier'] } },
    entity: [
      {
        what: { reference: target },
        type: { system: 'http://terminology.hl7.org/CodeSystem/audit-entity-type', code: '2' },
        detail: [{ type: 'correlation_id', valueString: correlationId }],
      },
    ],
  });
}

/** A snapshot that finds what was landed already tells of no change. */
export const isNews = (change: RecordedChange): boolean =>
  change.op === 'd' || change.before === null || canonicalJson(change.before) !== canonicalJson(change.after);

/**
 * The papers of a change of a row of state. They name only resources that are bound to exist: several changes may fold
 * into one write, so a consent given and withdrawn at once was never sent.
 */
export function changePapers(
  names: Names,
  change: RecordedChange,
  targets: readonly DocumentRef[],
  orderKey: string,
): readonly Document[] {
  if (!isNews(change)) return [];
  const facts = factsOf(names, change);
  const paths = targets.map((ref) => `${ref.target.slice('fhir.'.length)}/${ref.id}`);
  const papers = [provenance(names, facts, paths)];
  if (change.op === 'd') papers.push(deletionAudit(names, facts, paths[0] as string));
  return papers.map((paper) => fhirDocument(paper, orderKey, targets));
}
