import {
  type Aggregate,
  type Derivation,
  type Document,
  type Flow,
  type Issue,
  movesOf,
  type Part,
  SluiceError,
} from '../../../core/index.ts';
import type { DosConfig } from '../config.ts';
import { firstStamps } from '../documents/audit.ts';
import { FHIR_TARGETS, fhirDocuments } from '../fhir/documents.ts';
import type { FieldIssue } from '../fields/issue.ts';
import { locationId, organisationId, stateId } from '../ids.ts';
import { etl, type Note } from '../notes.ts';
import { Rejection, type ServiceError } from '../rejection.ts';
import type { ServiceRow } from '../rows.ts';
import { stateStamps } from '../state/stamps.ts';
import { ENTITIES, stateContent, unordered } from '../state/state.ts';
import { ADMITTED, admissionOf, part, SCHEMA } from '../tables.ts';
import { itemDocument, TABLE_TARGETS } from '../targets.ts';
import { chooseTransformer } from '../transformers/choose.ts';
import type { ServiceDocuments } from '../transformers/transformer.ts';
import { choiceNotes, doneNote } from './notes.ts';
import { type SourceService, sourceService } from './source.ts';
import { transformParent, transformService } from './transform.ts';

const SERVICES = `${SCHEMA}.services`;

/** Everything a service is made of: a change in any of these tables makes it anew. */
const PARTS: readonly Part[] = [
  part('endpoints', 'serviceendpoints', 'service'),
  part('dayOpenings', 'servicedayopenings', 'service'),
  part('dayTimes', 'servicedayopeningtimes', 'opening', { part: 'dayOpenings', link: 'key' }),
  part('days', 'openingtimedays', 'key', { part: 'dayOpenings', link: 'day' }),
  part('specifiedDates', 'servicespecifiedopeningdates', 'service'),
  part('specifiedTimes', 'servicespecifiedopeningtimes', 'date', { part: 'specifiedDates', link: 'key' }),
  part('sgsds', 'servicesgsds', 'service'),
  part('serviceDispositions', 'servicedispositions', 'service'),
  part('dispositions', 'dispositions', 'key', { part: 'serviceDispositions', link: 'disposition' }),
  part('ages', 'serviceagerange', 'service'),
  part('parents', 'services', 'pharmacyCode', { part: 'root', link: 'parentCode' }),
  part('children', 'services', 'parentCode', { part: 'root', link: 'pharmacyCode' }),
  part('siblings', 'services', 'pharmacyCode', { part: 'root', link: 'pharmacyCode' }),
  { name: 'admissions', table: movesOf(SERVICES, 'admission'), link: 'row', from: { part: 'root', link: 'key' } },
];

export const servicesFlow = (config: DosConfig): Flow => ({
  name: 'services',
  root: { table: SERVICES },
  parts: PARTS,
  targets: [
    TABLE_TARGETS.organisation,
    TABLE_TARGETS.location,
    TABLE_TARGETS.healthcareService,
    TABLE_TARGETS.state,
    ...(config.fhir ? FHIR_TARGETS : []),
  ],
  transform: (aggregate, { asOf }) => deriveService(aggregate, config, asOf),
  // items stay as they are; an endpoint that is no longer there must not be called
  retire: (target, last) => (target === 'fhir.Endpoint' ? { ...last, status: 'off' } : null),
});

/** A service that is no longer anybody's keeps the documents it has: the reference takes nothing back. */
const nothing = (...issues: Issue[]): Derivation => ({ documents: [], issues });

function deriveService(aggregate: Aggregate, config: DosConfig, asOf: string): Derivation {
  const source = sourceService(aggregate);
  if (source === null) return nothing();
  const { row } = source;
  const choice = chooseTransformer(row, config);
  const { transformer } = choice;
  const notes = choiceNotes(row.id, choice);
  if (transformer === null)
    return { ...(isBroughtByChild(source, config) ? brought(source, config, asOf) : nothing(NOBODYS)), notes };
  const code = transformer.parentCode?.(row) ?? null;
  const parent = source.parents[0];
  if (code !== null && parent === undefined)
    return waiting('parents', [...notes, etl('038', { record_id: row.id, ods_code: code })]);
  const at = parent && { organisation: organisationId(parent.id), location: locationId(parent.id) };
  const transformed = transformService(source, transformer, {
    config,
    parent: at ?? null,
    wasMoved: wasMoved(aggregate),
  });
  notes.push(...transformed.notes);
  if (transformed.kind === 'rejected') {
    if (isDayToCome(transformed.error)) return waiting('days', notes);
    throw new Rejection(transformed.error, notes);
  }
  if (transformed.kind === 'skipped') return { ...nothing(passedOver(transformed.reason)), notes };
  const issues = transformed.issues.map(issueOf);
  if (transformed.kind === 'invalid') throw unusable(transformed.issues, notes);
  const unknown = transformed.notes.filter(({ code: note }) => note === 'DM_ETL_018').map(() => UNKNOWN_DISPOSITION);
  const documents = render(row, transformed.documents, transformed.issues, config, asOf);
  notes.push(doneNote(transformer.name, transformed.documents));
  return { documents, issues: [...issues, ...unknown], notes };
}

const waiting = (waitingFor: string, notes: readonly Note[]): Derivation => ({
  documents: [],
  issues: [],
  waitingFor,
  notes,
});

/** A day that is named and not there: its row comes by another topic and may be behind. */
const isDayToCome = (error: ServiceError): boolean => error.kind === 'metadata_missing' && error.key !== 'None';

/** Was there ever a row of this service that would have been moved? A deleted one may have been the last. */
function wasMoved({ root, parts }: Aggregate): boolean {
  const left = (parts.admissions ?? []).some(({ image }) => image.from === ADMITTED);
  return left || (root !== null && admissionOf(root.image) === ADMITTED);
}

/** A pharmacy whose code no rule takes is moved all the same when a service is linked to it. */
function isBroughtByChild({ row, children, siblings }: SourceService, config: DosConfig): boolean {
  const isLinked = (child: ServiceRow): boolean =>
    chooseTransformer(child, config).transformer?.parentCode?.(child) === row.odscode;
  return row.odscode !== null && siblings[0]?.id === row.id && children.some(isLinked);
}

function brought(source: SourceService, config: DosConfig, asOf: string): Derivation {
  const made = transformParent(source, config);
  if ('error' in made) throw new Rejection(made.error);
  return { documents: render(source.row, made.documents, made.issues, config, asOf), issues: made.issues.map(issueOf) };
}

function render(
  row: ServiceRow,
  documents: ServiceDocuments,
  issues: readonly FieldIssue[],
  config: DosConfig,
  asOf: string,
): readonly Document[] {
  const orderKey = stateId(row.id);
  const needs = needsOf(row, documents);
  const made = ENTITIES.flatMap(({ part: name }): Document[] => {
    const document = documents[name];
    if (document === null) return [];
    const content = { ...document, field: 'document' };
    return [
      itemDocument(TABLE_TARGETS[name], { content, basis: unordered(content), stamps: firstStamps(asOf), orderKey }),
    ];
  });
  const content = stateContent(row.id, documents);
  const stamps = stateStamps(documents, issues, asOf);
  made.push(itemDocument(TABLE_TARGETS.state, { content, basis: unordered(content), stamps, orderKey }));
  const items = needs.length === 0 ? made : made.map((document) => ({ ...document, needs }));
  return config.fhir ? [...items, ...fhirDocuments(documents, orderKey)] : items;
}

/** A linked service is written when its pharmacy is there. */
function needsOf(row: ServiceRow, { healthcareService }: ServiceDocuments): readonly { target: string; id: string }[] {
  const { providedBy, location } = healthcareService ?? {};
  if (providedBy === undefined || location === undefined || providedBy === organisationId(row.id)) return [];
  return [
    { target: TABLE_TARGETS.organisation.name, id: JSON.stringify([providedBy, 'document']) },
    { target: TABLE_TARGETS.location.name, id: JSON.stringify([location, 'document']) },
  ];
}

function unusable(issues: readonly FieldIssue[], notes: readonly Note[]): SluiceError {
  const fatal = issues.filter(({ severity }) => severity === 'fatal');
  const words = fatal.map(({ code, expression }) => `${expression[0]} (${code})`).join(', ');
  return new SluiceError('ROW_INVALID', `services: the service cannot be used without ${words}`, { notes });
}

const issueOf = ({ code, diagnostics, expression }: FieldIssue): Issue => ({
  code: code.toUpperCase(),
  severity: 'warning',
  path: expression[0],
  text: `${diagnostics}; left empty`,
});

const NOBODYS: Issue = {
  code: 'NO_TRANSFORMER',
  severity: 'info',
  path: 'typeid',
  text: 'no rule takes services of this type and code; what was written of it stays',
};

const UNKNOWN_DISPOSITION: Issue = {
  code: 'DISPOSITION_UNKNOWN',
  severity: 'warning',
  path: 'servicedispositions.dispositionid',
  text: 'there is no such disposition; left out',
};

const passedOver = (reason: string): Issue => ({
  code: 'PASSED_OVER',
  severity: 'info',
  path: reason === 'not_active' ? 'statusid' : 'name',
  text: `${reason.replace(/:.*$/s, '')}; not moved`,
});
