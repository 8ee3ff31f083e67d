import type { Catalogue, TargetField } from '../catalogue/model.ts';
import type { Contract, Crosswalk, Feed, FieldRow, ParentLink, Rule, TablePlan } from '../contract/model.ts';
import type { TargetColumn } from '../engine/shape.ts';
import type { Derivation } from '../rules/derivations.ts';
import { REFERENCE_PATIENT_ID, type ReferenceRule, referenceCrosswalkOf, referenceRuleOf } from './plugin-defaults.ts';
import { electDriver, type ReferenceRow } from './rows.ts';

const PATIENT_IDS = ['InternalPatientNumber', 'Intpatno', 'DistrictNumber', 'NhsNumber'];

/** Ours has nine characters: the column takes ten, the reference's constant eleven. */
const SYSTEM_CODE = 'PAS_V83';

/** A field whose source the engine was told of but may not guess its way to. */
export interface UnreachedField {
  readonly table: string;
  readonly field: string;
  readonly sourceTable: string;
  readonly driver: string;
}

export interface ReferenceContract {
  readonly contract: Contract;
  readonly derivations: ReadonlyMap<string, Derivation>;
  /** What is written: any text, as the given contract knows neither types nor lengths. */
  readonly columns: ReadonlyMap<string, readonly TargetColumn[]>;
  /** The same columns as the catalogue has them, for who looks at what was written. */
  readonly expected: ReadonlyMap<string, readonly TargetColumn[]>;
  /** Target tables none of whose sources is there. */
  readonly withoutDriver: readonly string[];
  readonly unreached: readonly UnreachedField[];
}

export interface ReferenceInput {
  readonly rows: readonly ReferenceRow[];
  readonly catalogue: Catalogue;
  readonly crosswalks: ReadonlyMap<string, Crosswalk>;
  /** Where the source says who was merged; the reference did not look, and a lenient engine does not either. */
  readonly merges: Contract['merges'];
  readonly domainOf: (targetTable: string) => TablePlan['domain'];
  readonly isThere: (sourceTable: string) => boolean;
}

/**
 * Turns a contract in the reference's column format into one the engine can run. It declares no joins, so none are
 * made: a field whose source is not in the driver stays blank and is listed, never filled from a table of the same
 * patient by guess. Foreign keys go by the key of the parent's driver where the child's driver has its columns.
 */
export function referenceContract(input: ReferenceInput): ReferenceContract {
  const byTable = new Map<string, ReferenceRow[]>();
  for (const row of input.rows) byTable.set(row.table, [...(byTable.get(row.table) ?? []), row]);
  const drivers = new Map([...byTable].map(([table, rows]) => [table, electDriver(rows, input.isThere)] as const));
  const derivations = new Map<string, Derivation>();
  const unreached: UnreachedField[] = [];
  const plans = new Map<string, TablePlan>();
  const fields = new Map<string, readonly FieldRow[]>();
  const columns = new Map<string, readonly TargetColumn[]>();
  const expected = new Map<string, readonly TargetColumn[]>();

  for (const [table, rows] of byTable) {
    const driver = drivers.get(table) ?? null;
    const parents = parentsOf(table, drivers, input.catalogue);
    const feeds = driver === null ? [] : [feedOf(driver, parents, input.catalogue)];
    plans.set(table, { table, domain: input.domainOf(table), order: depthOf(table, input.catalogue.edges), feeds });
    const wanted = expectedColumns(rows, input.catalogue);
    expected.set(table, wanted);
    columns.set(
      table,
      wanted.map((column) => ({ ...column, type: 'text', length: null })),
    );
    if (driver === null) continue;
    const reading: Reading = { driver, known: knownColumns(driver, input.catalogue), rows, unreached };
    fields.set(
      table,
      rows.map((row) => fieldOf(row, reading, parents, input.crosswalks, derivations)),
    );
  }
  return {
    contract: {
      name: 'reference',
      version: '1',
      merges: input.merges,
      patients: null,
      plans,
      fields,
      crosswalks: input.crosswalks,
    },
    derivations,
    columns,
    expected,
    withoutDriver: [...drivers].filter(([, driver]) => driver === null).map(([table]) => table),
    unreached,
  };
}

/** The columns of a table with the catalogue's types; a column is found by its name or by the one other lists have. */
function expectedColumns(rows: readonly ReferenceRow[], { targetFields }: Catalogue): readonly TargetColumn[] {
  const known = new Map<string, TargetField>();
  for (const field of targetFields.get(rows[0]?.table ?? '')?.values() ?? [])
    if (!field.phantom) known.set(field.listedAs, field).set(field.field, field);
  return rows.map(({ field, mandatory }) => {
    const column = known.get(field);
    return {
      name: field,
      type: column?.type ?? 'text',
      length: column?.length ?? null,
      mandatory: mandatory ?? column?.mandatory ?? false,
    };
  });
}

/** Column names of a table as its dictionary writes them, by lower case. */
function knownColumns(table: string, catalogue: Catalogue): ReadonlyMap<string, string> {
  return new Map([...(catalogue.sourceFields.get(table)?.keys() ?? [])].map((name) => [name.toLowerCase(), name]));
}

function keyOf(table: string, catalogue: Catalogue): readonly string[] {
  const key = catalogue.sourceTables.get(table)?.key ?? [];
  return key.length > 0 ? key : [...(catalogue.sourceFields.get(table)?.keys() ?? [])];
}

const feedOf = (driver: string, parents: readonly ParentLink[], catalogue: Catalogue): Feed => ({
  name: driver,
  identity: driver,
  driver,
  patient: null,
  key: keyOf(driver, catalogue),
  grain: `one row per row of ${driver}`,
  where: [],
  fold: null,
  joins: [],
  parents,
  asOf: 'the extract',
});

function parentsOf(
  table: string,
  drivers: ReadonlyMap<string, string | null>,
  catalogue: Catalogue,
): readonly ParentLink[] {
  const driver = drivers.get(table);
  if (!driver) return [];
  const known = catalogue.sourceFields.get(driver);
  return catalogue.edges.flatMap(({ child, field, parent }) => {
    const parentDriver = child === table ? drivers.get(parent) : null;
    if (!parentDriver) return [];
    const key = keyOf(parentDriver, catalogue);
    if (!key.every((column) => known?.has(column))) return [];
    const refs = key.map((column) => ({ row: 'driver', field: column }));
    return [{ field, parent, identity: parentDriver, key: refs, where: [], required: false }];
  });
}

/** How many generations of parents a table has: parents are loaded first. */
function depthOf(table: string, edges: Catalogue['edges']): number {
  const parents = edges.filter(({ child }) => child === table).map(({ parent }) => parent);
  return 1 + Math.max(0, ...parents.map((parent) => depthOf(parent, edges)));
}

interface Reading {
  readonly driver: string;
  readonly known: ReadonlyMap<string, string>;
  readonly rows: readonly ReferenceRow[];
  readonly unreached: UnreachedField[];
}

function fieldOf(
  row: ReferenceRow,
  reading: Reading,
  parents: readonly ParentLink[],
  crosswalks: ReadonlyMap<string, Crosswalk>,
  derivations: Map<string, Derivation>,
): FieldRow {
  const { rule, sources } = ruleOf(row, reading, parents, crosswalks, derivations);
  return {
    table: row.table,
    field: row.field,
    feed: null,
    class: row.class,
    sources: sources.map((field) => ({ row: 'driver', field })),
    rule,
    onBlank: 'blank',
    onReject: 'blank',
    confidence: row.confidence === 'HIGH' ? 'HIGH' : 'MEDIUM',
    review: 'DRAFT',
    reviewedBy: '',
    reason: 'as the given contract has it',
  };
}

interface RuleAndSources {
  readonly rule: Rule;
  readonly sources: readonly string[];
}

function ruleOf(
  row: ReferenceRow,
  reading: Reading,
  parents: readonly ParentLink[],
  crosswalks: ReadonlyMap<string, Crosswalk>,
  derivations: Map<string, Derivation>,
): RuleAndSources {
  const derived = (rule: ReferenceRule, sources: readonly string[]): RuleAndSources => {
    derivations.set(rule.name, rule.derive);
    return { rule: { kind: 'derive', name: rule.name }, sources };
  };
  if (row.class === 'SURROGATE_ETL') {
    if (row.field === 'record_number') return { rule: { kind: 'record-number' }, sources: [] };
    if (row.field === 'system_code') return { rule: { kind: 'constant', value: SYSTEM_CODE }, sources: [] };
    if (row.field === 'external_system_id') return derived(REFERENCE_PATIENT_ID, patientIdsOf(reading));
    const linked = parents.some(({ field }) => field === row.field);
    return { rule: { kind: linked ? 'parent' : 'none' }, sources: [] };
  }
  if (row.class === 'REFERENCE_MASTER_FEED' || row.class === 'OUT_OF_SCOPE')
    return { rule: { kind: 'none' }, sources: [] };

  const source = sourceOf(row, reading);
  const crosswalk = row.class === 'LOOKUP_TRANSLATION' ? referenceCrosswalkOf(row.table, row.field) : null;
  if (crosswalk !== null && crosswalks.has(crosswalk) && source !== null)
    return { rule: { kind: 'translate', crosswalk }, sources: [source] };
  if (row.table.startsWith('LOAD_PMI') && row.field === 'main_crn')
    return derived(REFERENCE_PATIENT_ID, [...(source ? [source] : []), ...patientIdsOf(reading).slice(0, 1)]);
  const rule = referenceRuleOf(row.table, row.field);
  const others = rule.reads.map((field) => {
    const other = reading.rows.find((candidate) => candidate.field === field);
    return (other && sourceOf(other, reading)) ?? '';
  });
  // a source that is not there reads as blank; the rule still says what is put in its place
  if (others.includes('') || source === null) {
    const plain: ReferenceRule = {
      ...rule,
      name: `${rule.name} of ${row.table}.${row.field}`,
      derive: (values, lists, scope) => {
        let next = 0;
        const filled = [...others, source ?? ''].map((name) => (name === '' ? '' : (values[next++] ?? '')));
        return rule.derive(filled, lists, scope);
      },
    };
    return derived(
      plain,
      [...others, source ?? ''].filter((name) => name !== ''),
    );
  }
  return derived(rule, [...others, source]);
}

const patientIdsOf = ({ known }: Reading): readonly string[] =>
  PATIENT_IDS.flatMap((name) => known.get(name.toLowerCase()) ?? []);

function sourceOf(row: ReferenceRow, { driver, known, unreached }: Reading): string | null {
  if (row.sourceTable === '' || row.sourceField === '') return null;
  const column = row.sourceTable === driver ? known.get(row.sourceField.toLowerCase()) : undefined;
  if (column !== undefined) return column;
  if (!unreached.some(({ table, field }) => table === row.table && field === row.field))
    unreached.push({ table: row.table, field: row.field, sourceTable: row.sourceTable, driver });
  return null;
}
