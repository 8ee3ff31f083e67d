import type { Aggregate, Derivation, DeriveContext, Flow, Migration, PostgresTarget } from '../../../core/index.ts';
import { SluiceError } from '../../../core/index.ts';
import type { Catalogue } from '../catalogue/model.ts';
import type { Contract } from '../contract/model.ts';
import { createEngine, type Engine } from '../engine/engine.ts';
import { targetColumnsOf } from '../engine/target-columns.ts';
import { createDerivations } from '../rules/derivations.ts';
import { stagingTables } from '../staging/tables.ts';
import { DocumentSink, LOAD_SCHEMA, numberColumns, REJECTS, SILENT, targetName } from './documents.ts';
import { isShared, lookupsOf } from './lookups.ts';
import { mergesAround } from './merges.ts';
import { type NamedParts, patientParts, referenceParts } from './parts.ts';
import { type Patience, patience } from './patience.ts';
import { namesOf, PartRows, rowsOfPatient } from './rows.ts';
import { ruleNames } from './rule-names.ts';
import { sharedDrivers, sourceTables } from './tables.ts';

/** What the streamed migration is made of; its files are read by whoever asks for it. */
export interface PasConfig {
  readonly contract: Contract;
  readonly catalogue: Catalogue;
  /** the data is invented: NHS numbers from 999 are right */
  readonly testData: boolean;
  /** entries of crosswalks nobody signed do not translate */
  readonly approvedOnly: boolean;
  /** how long a row waits for its parent before it is refused as an orphan; 0 unless said: it is refused at once */
  readonly orphanSeconds?: number;
}

interface Making {
  readonly config: PasConfig;
  readonly engineOn: (day: string) => Engine;
  readonly named: NamedParts;
  readonly isNumber: ReadonlySet<string>;
  readonly names: ReadonlyMap<string, readonly string[]>;
}

/** V83's tables to the 38 tables of 18.4, by the same contract and engine as `pas run`, one patient at a time. */
export function pasMigration(config: PasConfig): Migration {
  const { contract, catalogue } = config;
  const engineOn = engines(config);
  // which columns are read does not depend on the day
  const { projection, layouts } = engineOn('1970-01-01');
  const staging = stagingTables(contract, catalogue);
  const shared = lookupsOf(contract, projection, true);
  const lookups = lookupsOf(contract, projection, false);
  const drivers = sharedDrivers(contract, projection);
  const patientTables = staging.map(({ table }) => table).filter((table) => !isShared(projection, table));
  const making = { config, engineOn, isNumber: numberColumns(catalogue.edges), names: namesOf(projection) };
  const patients = patientParts(patientTables, lookups, contract.merges.table);
  const references = referenceParts([...drivers.keys()], shared);
  const targetsOf = (ofShared: boolean): PostgresTarget[] => [
    ...layouts
      .filter(({ feeds }) => feeds.some(({ driver }) => isShared(projection, driver) === ofShared))
      .map(({ table }) => target(targetName(table))),
    { ...target(REJECTS), refusals: true },
  ];
  const flows: Flow[] = [
    {
      name: 'references',
      root: { group: 'row' },
      parts: references.parts,
      targets: targetsOf(true),
      transform: (aggregate, context) => reference({ ...making, named: references }, aggregate, context),
    },
    {
      name: 'patients',
      root: { group: 'patient' },
      parts: patients.parts,
      targets: targetsOf(false),
      transform: (aggregate, context) => patient({ ...making, named: patients }, aggregate, context),
    },
  ];
  return {
    name: 'pas',
    tables: sourceTables(staging, projection, [...lookups, ...shared], drivers, contract.merges),
    flows,
    targetSchemas: [LOAD_SCHEMA],
    // a row without its parent is refused: nobody is to see the refusals of a target half read
    wholeSnapshotFirst: true,
    ruleOf: ruleNames(contract),
  };
}

const target = (name: string): PostgresTarget => ({ kind: 'postgres', name, key: ['sluice_key'], mode: 'state' });

/** Engines by the day on which crosswalk entries must hold; one is kept, as days follow one another. */
function engines(config: PasConfig): (day: string) => Engine {
  const columns = targetColumnsOf(config.catalogue);
  const derivations = createDerivations({ testData: config.testData });
  let kept: { readonly day: string; readonly engine: Engine } | null = null;
  return (day) => {
    if (kept?.day === day) return kept.engine;
    const engine = createEngine(config.contract, config.catalogue, {
      on: day,
      approvedOnly: config.approvedOnly,
      lenient: false,
      impute: false,
      derivations,
      columnsOf: (table) => columns.get(table) ?? [],
    });
    kept = { day, engine };
    return engine;
  };
}

function patient(making: Making, aggregate: Aggregate, { asOf }: DeriveContext): Derivation {
  const { contract } = making.config;
  const engine = making.engineOn(asOf.slice(0, 10));
  const { projection } = engine;
  const rows = new PartRows(aggregate, projection, making.names);
  const mergeTable = projection.get(contract.merges.table);
  if (!mergeTable) throw new SluiceError('CONFIG_INVALID', `nothing is read of ${contract.merges.table}`);
  const { merges, now } = mergesAround(aggregate, mergeTable, contract.merges, (part, table) => rows.read(part, table));
  // what is recorded under a number that is no patient's any more belongs to the patient it was merged into
  if (now !== aggregate.key) return { documents: [], issues: [], others: [now] };
  const own = new Map<string, readonly (readonly string[])[]>();
  const shared = new Map<string, readonly (readonly string[])[]>();
  for (const [table, found] of rows.byTable(making.named.tableOf)) {
    const projected = projection.get(table);
    if (projected?.patient === null) shared.set(table, found);
    else if (projected) own.set(table, rowsOfPatient(found, projected, merges, now));
  }
  const wait = patience(rows, asOf, making.config.orphanSeconds ?? 0);
  const sink = new DocumentSink(engine, making.isNumber, (driver) => !isShared(projection, driver), wait);
  engine.runShared(shared, sink, SILENT);
  engine.runPatients(own, sink, sink);
  return derivation(making, sink, asOf, wait);
}

function reference(making: Making, aggregate: Aggregate, { asOf }: DeriveContext): Derivation {
  const engine = making.engineOn(asOf.slice(0, 10));
  const rows = new PartRows(aggregate, engine.projection, making.names);
  const driver = aggregate.key.slice(0, aggregate.key.indexOf('|'));
  const wait = patience(rows, asOf, making.config.orphanSeconds ?? 0);
  const sink = new DocumentSink(engine, making.isNumber, (table) => table === driver, wait);
  engine.runShared(rows.byTable(making.named.tableOf), sink, sink);
  return derivation(making, sink, asOf, wait);
}

function derivation({ config }: Making, { documents }: DocumentSink, asOf: string, wait: Patience): Derivation {
  const [wakeAt = null] = [nextDay(config.contract, asOf.slice(0, 10)), wait.until()]
    .filter((at) => at !== null)
    .sort();
  const heldBack = wait.held();
  return {
    documents,
    issues: [],
    ...(heldBack > 0 ? { heldBack } : {}),
    ...(wakeAt === null ? {} : { wakeAt }),
  };
}

/** The next day on which an entry of a crosswalk begins to hold, or holds no more. */
function nextDay({ crosswalks }: Contract, today: string): string | null {
  let next: string | null = null;
  for (const crosswalk of crosswalks.values()) {
    if (crosswalk.kind !== 'codes') continue;
    for (const { from, to } of crosswalk.entries) {
      for (const day of [from, to === null ? null : dayAfter(to)])
        if (day !== null && day > today && (next === null || day < next)) next = day;
    }
  }
  return next === null ? null : `${next}T00:00:00.000Z`;
}

const dayAfter = (day: string): string =>
  new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);
