import type { Figures as GateFigures } from '../../gates/index.ts';
import type { IssueCount } from '../../migrations/pas/index.ts';
import type { RunPlan } from './plan.ts';
import type { ExtractedTable, Hashes, RunState } from './run-state.ts';
import type { TableFigures } from './table-figures.ts';
import type { Verified } from './verify.ts';

/** Rows of a domain from the source to the target; `unexplained` is what no count accounts for. */
export interface Balance {
  readonly domain: string;
  readonly read: number;
  readonly loaded: number;
  readonly notMeant: number;
  readonly folded: number;
  readonly sameRow: number;
  readonly rejected: number;
  readonly quarantined: number;
  readonly inFiles: number;
  readonly unexplained: number;
}

export interface QualityReport {
  readonly run_at_utc: string;
  readonly run_id: string;
  readonly status: 'PASS' | 'FAIL';
  readonly source: string;
  readonly contract: string;
  readonly mode: string;
  readonly hashes: Hashes;
  readonly outputs: Readonly<Record<string, string>>;
  readonly severity_counts: Readonly<Record<'ERROR' | 'WARN' | 'INFO', number>>;
  readonly category_counts: Readonly<Record<string, number>>;
  readonly issue_counts: readonly IssueCount[];
  readonly figures: GateFigures;
  /** Our ratio by the reference's definition, beside its own of a strict run. */
  readonly reference: {
    readonly columns_total: number;
    readonly columns_populated: number;
    readonly population_ratio: number;
    readonly population_ratio_strict: number;
  };
  readonly balance: readonly Balance[];
  readonly extracted: readonly ExtractedTable[];
  readonly rejects: Readonly<Record<string, number>>;
  /** By foreign key: rows with a parent, without a link, with a link to nothing. */
  readonly links: Verified['links'];
  /** By table: rows, and how many of them lead to a patient. */
  readonly chains: Verified['chains'];
  readonly tables: readonly TableFigures[];
}

/** What the reference reports for its own strict runs. */
const REFERENCE_RATIO = 0.3443;

const four = (part: number, whole: number): number => Math.round((part / whole) * 10_000) / 10_000;

/**
 * The reference counts a column as populated when one cell of it is not blank, a default of its plug-ins too, and divides
 * by all columns of the guide, phantoms too. Imputed cells, which its strict runs do not have, are left out.
 */
function byReference({ guideColumns }: RunPlan, tables: readonly TableFigures[]): QualityReport['reference'] {
  const populated = tables.flatMap(({ table, fields }) =>
    fields.filter(({ field, filled, imputed }) => filled > imputed && guideColumns.has(`${table}.${field}`)),
  ).length;
  return {
    columns_total: guideColumns.size,
    columns_populated: populated,
    population_ratio: four(populated, guideColumns.size),
    population_ratio_strict: REFERENCE_RATIO,
  };
}

/** What all steps found. */
const allCounts = ({ found }: RunState): readonly IssueCount[] =>
  (['extract', 'transform', 'verify'] as const).flatMap((step) => found[step].counts);

export function qualityReport(
  state: RunState,
  plan: RunPlan,
  verified: Verified,
  tables: readonly TableFigures[],
  runAt: string,
): QualityReport {
  const balance = balanceOf(state, plan, verified);
  const counts = { ERROR: 0, WARN: 0, INFO: 0 };
  const categories: Record<string, number> = {};
  for (const { severity, category, count } of allCounts(state)) {
    counts[severity] += count;
    categories[category] = (categories[category] ?? 0) + count;
  }
  return {
    run_at_utc: runAt,
    run_id: state.runId,
    status: counts.ERROR === 0 ? 'PASS' : 'FAIL',
    source: state.source,
    contract: state.contract,
    mode: state.mode,
    hashes: state.hashes,
    outputs: verified.outputs,
    severity_counts: counts,
    category_counts: Object.fromEntries(Object.entries(categories).sort()),
    issue_counts: allCounts(state),
    figures: gateFigures(state, plan, verified, tables, balance),
    reference: byReference(plan, tables),
    balance,
    extracted: state.extracted,
    rejects: state.figures.rejects,
    links: verified.links,
    chains: verified.chains,
    tables,
  };
}

function balanceOf(state: RunState, { engine }: RunPlan, { contents }: Verified): readonly Balance[] {
  const domains = new Map<string, { -readonly [K in keyof Balance]: Balance[K] }>();
  for (const { table, domain, feeds } of engine.layouts) {
    const sum = domains.get(domain) ?? {
      domain,
      read: 0,
      loaded: 0,
      notMeant: 0,
      folded: 0,
      sameRow: 0,
      rejected: 0,
      quarantined: 0,
      inFiles: 0,
      unexplained: 0,
    };
    domains.set(domain, sum);
    let loaded = 0;
    for (const { name } of feeds) {
      const count = state.figures.feeds[`${table}/${name}`];
      if (!count) continue;
      const { read, ...fates } = count;
      for (const key of ['loaded', 'notMeant', 'folded', 'sameRow', 'rejected', 'quarantined'] as const)
        sum[key] += fates[key];
      sum.read += read;
      sum.unexplained += Math.abs(read - Object.values(fates).reduce((a, b) => a + b, 0));
      loaded += count.loaded;
    }
    const inFile = contents.find((content) => content.table === table)?.rows ?? 0;
    sum.inFiles += inFile;
    sum.unexplained += Math.abs(loaded - inFile);
  }
  return [...domains.values()];
}

function gateFigures(
  state: RunState,
  plan: RunPlan,
  verified: Verified,
  tables: readonly TableFigures[],
  balance: readonly Balance[],
): GateFigures {
  const fields = tables.flatMap((table) => table.fields.map((field) => ({ ...field, rows: table.rows })));
  const populated = fields.filter(({ filled, imputed, defaulted }) => filled - imputed - defaulted > 0).length;
  const mandatory = fields.filter((field) => field.mandatory);
  const wanted = mandatory.reduce((sum, { rows }) => sum + rows, 0);
  const there = mandatory.reduce((sum, { filled, imputed, defaulted }) => sum + filled - imputed - defaulted, 0);
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
  const cells = Object.values(state.figures.cells);
  const lost = state.extracted.map(({ read, bad, deleted, merged, kept }) =>
    Math.abs(read - bad - deleted - merged - kept),
  );
  const chains = Object.values(verified.chains);
  const sourced = fields
    .filter((field) => field.sourced)
    .map(({ rows, filled, imputed, defaulted }) => ({ rows, own: filled - imputed - defaulted }));
  const lostRows = sum(balance.map(({ rejected, quarantined }) => rejected + quarantined));
  const crosswalk = Object.entries(state.figures.rejects).filter(([name]) => name.startsWith('CROSSWALK_'));
  return {
    errors: sum(
      allCounts(state)
        .filter(({ severity }) => severity === 'ERROR')
        .map(({ count }) => count),
    ),
    // kinds, not places: a threshold must mean the same for 20 patients and for a million
    warnings: allCounts(state).filter(({ severity }) => severity === 'WARN').length,
    unresolvedMappings: plan.unresolvedMappings,
    crosswalkRejects: sum(crosswalk.map(([, count]) => count)),
    populationRatio: fields.length === 0 ? null : four(populated, fields.length),
    columnsTotal: fields.length,
    columnsPopulated: populated,
    tablesWritten: Object.keys(verified.outputs).length,
    rowsWritten: sum(tables.map(({ rows }) => rows)),
    orphans: sum(Object.values(verified.links).map(({ orphans }) => orphans)),
    edgesChecked: verified.edgesChecked,
    unexplainedRows: sum(balance.map(({ unexplained }) => unexplained)) + sum(lost),
    mandatoryCompleteness: wanted === 0 ? null : there / wanted,
    chainCompleteness: share(sum(chains.map(({ toPatient }) => toPatient)), sum(chains.map(({ rows }) => rows))),
    nullRate: share(sum(sourced.map(({ rows, own }) => rows - own)), sum(sourced.map(({ rows }) => rows))),
    rejectRate: share(lostRows, lostRows + sum(balance.map(({ loaded }) => loaded))),
    rejects: sum(Object.values(state.figures.rejects)),
    unapprovedTranslations: sum(cells.map(({ unapproved }) => unapproved)),
    imputedCells: sum(cells.map(({ imputed, defaulted }) => imputed + defaulted)),
  };
}

const share = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);
