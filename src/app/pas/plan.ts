import { hash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createCsvReader, SluiceError } from '../../core/index.ts';
import {
  applyPolicy,
  type Catalogue,
  type Contract,
  codeSetsOf,
  createDerivations,
  createEngine,
  type Engine,
  type Issue,
  type PolicyOverride,
  readPolicy,
  readReferenceRows,
  referenceContract,
  type SourceRow,
  type TargetColumn,
  type TargetEdge,
  targetColumnsOf,
} from '../../migrations/pas/index.ts';
import { codeHash } from '../code-hash.ts';
import { type ContractPlace, loadHouseContract } from './house-contract.ts';
import { readPairs } from './pairs.ts';
import type { Hashes, Mode } from './run-state.ts';

/** What a run is to do, all files read. */
export interface RunPlan {
  readonly engine: Engine;
  /** `name version` */
  readonly contract: string;
  readonly fields: Contract['fields'];
  readonly crosswalkVersions: ReadonlyMap<string, string>;
  readonly merges: Contract['merges'] | null;
  readonly edges: readonly TargetEdge[];
  /** The columns of a written table as they are looked at, where that is more than what the contract writes by. */
  readonly expected: ReadonlyMap<string, readonly TargetColumn[]>;
  /** What coded columns may hold, by `TABLE.column`, given the rows of the master files. */
  readonly codeSets: (shared: ReadonlyMap<string, readonly SourceRow[]>) => ReadonlyMap<string, ReadonlySet<string>>;
  readonly drivers: ReadonlySet<string>;
  /** `TABLE.column` of all that the vendor's guide was read to list, phantoms too: what the reference counts by. */
  readonly guideColumns: ReadonlySet<string>;
  readonly hashes: Hashes;
  /** What is to be said before a row is read. */
  readonly issues: readonly Issue[];
  readonly unresolvedMappings: number;
}

export interface PlanOptions {
  readonly mode: Mode;
  readonly on: string;
  readonly testData: boolean;
  readonly approvedOnly: boolean;
  /** A folder laid out as our own contract, or a CSV file in the reference's column format; null: our own. */
  readonly contractPath: string | null;
  /** Folder of `source_value,target_value` files that such a contract's translations go through. */
  readonly crosswalksFolder: string | null;
  /** Overrides in the format of mapping_resolution_policy.json. */
  readonly policyFile: string | null;
  readonly profile: string;
  /** Source tables of the extract: a given contract elects its drivers among them. */
  readonly tables: readonly string[];
}

export function planRun(options: PlanOptions): RunPlan {
  const { contractPath } = options;
  if (contractPath === null) return planOurs(options, {});
  if (!existsSync(contractPath)) throw new SluiceError('CONFIG_INVALID', `--contract: there is no ${contractPath}`);
  return statSync(contractPath).isDirectory()
    ? planOurs(options, { contract: contractPath })
    : planGiven(options, contractPath);
}

function planOurs(options: PlanOptions, place: ContractPlace): RunPlan {
  const { on, testData, approvedOnly, mode, crosswalksFolder } = options;
  if (crosswalksFolder !== null)
    throw new SluiceError('CONFIG_INVALID', '--crosswalks goes with a contract in the older format; ours has its own');
  const { catalogue, contract: written, hashes } = loadHouseContract(place);
  const policy = readPolicyFile(options);
  const { contract, findings } = applyPolicy(written, policy.overrides, {
    on,
    unsigned: options.profile === 'development',
  });
  const columns = targetColumnsOf(catalogue);
  const engine = createEngine(contract, catalogue, {
    on,
    approvedOnly,
    lenient: false,
    impute: mode === 'impute',
    derivations: createDerivations({ testData }),
    checkedOnly: options.tables,
    columnsOf: (table) => columns.get(table) ?? [],
  });
  const unfilled = [...contract.fields.values()].flat().filter(({ table, field, rule, review }) => {
    const mandatory = columns.get(table)?.some((column) => column.name === field && column.mandatory);
    return review === 'REJECTED' || (mandatory && rule.kind === 'none');
  });
  return {
    engine,
    contract: `${contract.name} ${contract.version}`,
    fields: contract.fields,
    crosswalkVersions: versionsOf(contract),
    merges: contract.merges,
    edges: catalogue.edges,
    expected: columns,
    // imputed cells have no code set: they are counted, and pass no gate
    codeSets: (shared) => (mode === 'impute' ? new Map() : codeSetsOf(contract, engine.projection, shared)),
    drivers: driversOf(contract),
    guideColumns: guideColumns(catalogue, 'field'),
    hashes: {
      ...hashes,
      contract: hash('sha256', hashes.contract + policy.text),
      code: codeHash(['migrations/pas', 'gates']),
    },
    issues: findings.map(({ category, table, field }) =>
      say(
        category === 'POLICY_UNMATCHED' ? 'ERROR' : 'WARN',
        category,
        table,
        field,
        'an override that is not applied as it stands',
      ),
    ),
    unresolvedMappings: unfilled.length,
  };
}

function readPolicyFile({ policyFile }: PlanOptions): {
  readonly text: string;
  readonly overrides: readonly PolicyOverride[];
} {
  if (policyFile === null) return { text: '', overrides: [] };
  if (!existsSync(policyFile)) throw new SluiceError('CONFIG_INVALID', `--policy: there is no file ${policyFile}`);
  const text = readFileSync(policyFile, 'utf8');
  return { text, overrides: readPolicy(text) };
}

function planGiven({ on, crosswalksFolder, policyFile, tables, mode }: PlanOptions, file: string): RunPlan {
  if (mode === 'impute') throw new SluiceError('CONFIG_INVALID', '--mode impute works with our own contract only');
  if (policyFile !== null)
    throw new SluiceError('CONFIG_INVALID', '--policy: a contract in the older format has its overrides in its rows');
  const house = loadHouseContract();
  const text = readFileSync(file, 'utf8');
  const records: string[][] = [];
  const reader = createCsvReader({
    row: (cells) => void records.push(cells),
    bad(line, problem) {
      throw new SluiceError('CONFIG_INVALID', `--contract: line ${line} of ${file} cannot be read (${problem})`);
    },
  });
  reader.push(text.replace(/^\ufeff/, ''));
  reader.end();
  const pairs = readPairs(crosswalksFolder);
  const made = referenceContract({
    rows: readReferenceRows(records),
    catalogue: house.catalogue,
    crosswalks: pairs.crosswalks,
    merges: house.contract.merges,
    domainOf: (table) => house.contract.plans.get(table)?.domain ?? 'REFERENCE',
    isThere: (table) => tables.includes(table),
  });
  const engine = createEngine(made.contract, house.catalogue, {
    on,
    approvedOnly: false,
    lenient: true,
    impute: false,
    derivations: made.derivations,
    columnsOf: (table) => made.columns.get(table) ?? [],
  });
  return {
    engine,
    contract: `given: ${file}`,
    fields: made.contract.fields,
    crosswalkVersions: versionsOf(made.contract),
    merges: null,
    edges: house.catalogue.edges,
    expected: made.expected,
    // the older format lets codes without a crosswalk pass as they are
    codeSets: () => new Map(),
    drivers: driversOf(made.contract),
    guideColumns: guideColumns(house.catalogue, 'listedAs'),
    hashes: {
      catalogue: house.hashes.catalogue,
      contract: hash('sha256', text),
      crosswalks: pairs.hash,
      code: codeHash(['migrations/pas', 'gates']),
    },
    issues: [
      ...made.withoutDriver.map((table) =>
        say('ERROR', 'MAPPING_NO_DRIVER', table, '', 'none of the tables it names is in the extract'),
      ),
      ...made.unreached.map(({ table, field, sourceTable, driver }) =>
        say('INFO', 'MAPPING_JOIN_UNDECLARED', table, field, `named is ${sourceTable}, read is ${driver}: stays blank`),
      ),
    ],
    unresolvedMappings: made.unreached.length,
  };
}

const say = (severity: Issue['severity'], category: string, table: string, field: string, message: string): Issue => ({
  severity,
  category,
  table,
  field,
  key: '',
  message,
});

const versionsOf = ({ crosswalks }: Contract): ReadonlyMap<string, string> =>
  new Map([...crosswalks.values()].map(({ name, version }) => [name, version]));

const guideColumns = ({ targetFields }: Catalogue, name: 'field' | 'listedAs'): ReadonlySet<string> =>
  new Set(
    [...targetFields.values()].flatMap((fields) =>
      [...fields.values()].flatMap((column) =>
        column.knownFrom === 'guide' ? [`${column.table}.${column[name]}`] : [],
      ),
    ),
  );

const driversOf = (contract: Contract): ReadonlySet<string> =>
  new Set([...contract.plans.values()].flatMap(({ feeds }) => feeds.map(({ driver }) => driver)));
