import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, csvLine, SluiceError } from '../../core/index.ts';
import { PAS_PROFILES, profileNamed } from '../../gates/index.ts';
import {
  checkRates,
  checkVolume,
  createIssueBook,
  type IssueBook,
  type SavedIssues,
} from '../../migrations/pas/index.ts';
import { extractParts, readShared } from './extract.ts';
import { type GateReport, type JudgedRun, judge, readQualityReport } from './gate-report.ts';
import { addHistory } from './history.ts';
import { checkIdentities } from './identity-files.ts';
import { openKeyFiles } from './key-files.ts';
import { partsAreThere } from './parts.ts';
import { planRun, type RunPlan } from './plan.ts';
import { type QualityReport, qualityReport } from './quality-report.ts';
import { loadState, type Mode, nothingFound, type RunState, STEPS, type Step, saveState } from './run-state.ts';
import type { Extract } from './source-files.ts';
import { completenessCsv, tableFigures } from './table-figures.ts';
import { transformParts } from './transform.ts';
import { verifyTarget } from './verify.ts';

export interface PasRunOptions {
  readonly extract: Extract;
  readonly outDir: string;
  readonly keysDir: string;
  readonly profile: string;
  readonly mode: Mode;
  readonly testData: boolean;
  readonly contractPath: string | null;
  readonly crosswalksFolder: string | null;
  readonly policyFile: string | null;
  /** What the extract has to hold at least, and what it is said to hold. */
  readonly minPatients: number;
  readonly rowCounts: ReadonlyMap<string, number>;
  /** Where to begin again in the run that is in the folder; null: a new run. `resume`: where it stopped. */
  readonly from: Step | 'resume' | null;
  readonly clock: Clock;
  readonly progress: (step: Step, detail: string) => void;
  readonly cancelled: () => boolean;
}

export interface PasRunOutcome {
  readonly state: RunState;
  readonly quality: QualityReport | null;
  readonly gates: GateReport | null;
}

const FIGURES = (): RunState['figures'] => ({ feeds: {}, cells: {}, rejects: {} });

/** The plan a run in a folder was made by, as its contract is now. */
export function planOf(state: RunState): RunPlan {
  const { mode, on, testData, contractPath, crosswalksFolder, policyFile, profile } = state;
  const tables = state.extracted.map(({ table }) => table);
  const approvedOnly = profile === 'cutover_ready';
  return planRun({
    mode,
    on,
    testData,
    contractPath,
    crosswalksFolder,
    policyFile,
    profile,
    tables,
    approvedOnly,
  });
}

/** The run in a folder. @throws CONFIG_INVALID when there is none */
export function runIn(folder: string): RunState {
  const state = loadState(folder);
  if (!state) throw new SluiceError('CONFIG_INVALID', `there is no run in ${folder}`);
  return state;
}

/** The run in a folder as it is judged, by its contract as that is now. @throws CONFIG_INVALID when there is none */
export function judgedRunIn(folder: string): JudgedRun {
  const state = runIn(folder);
  const { hashes, engine } = planOf(state);
  return { runId: state.runId, hashes, tables: engine.layouts.map(({ table }) => table) };
}

/** Judges the run in a folder once more, perhaps by another profile. */
export function judgeAgain(folder: string, profile: string, clock: Clock): GateReport {
  const at = new Date(clock.now()).toISOString();
  const gates = judge(folder, profile, { ...judgedRunIn(folder), at });
  addHistory(folder, 'gates', gates, readQualityReport(folder));
  return gates;
}

/** Extract, transform, verify, judge. What is done is on disk, so that a run that was broken off can go on. */
export async function runPas(options: PasRunOptions): Promise<PasRunOutcome> {
  profileNamed(PAS_PROFILES, options.profile);
  const { extract, outDir } = options;
  mkdirSync(outDir, { recursive: true });
  const before = options.from === null ? null : loadState(outDir);
  if (options.from !== null && before === null)
    throw new SluiceError('CONFIG_INVALID', `there is no run in ${outDir} that could go on`);
  const startedAt = new Date(options.clock.now()).toISOString();
  const on = before?.on ?? startedAt.slice(0, 10);
  const plan = planRun({
    mode: options.mode,
    on,
    testData: options.testData,
    approvedOnly: options.profile === 'cutover_ready',
    contractPath: options.contractPath,
    crosswalksFolder: options.crosswalksFolder,
    policyFile: options.policyFile,
    profile: options.profile,
    tables: (await extract.tables()).map(({ table }) => table),
  });
  const state = before ? continued(before, plan, options) : newState(options, plan, startedAt, on);
  const run: Running = { options, plan, state, partsFolder: join(outDir, 'work') };
  for (const step of STEPS) {
    if (state.done.includes(step) || options.cancelled()) continue;
    if (step === 'gates') break;
    await DO[step](run);
    if (options.cancelled()) break;
    state.done.push(step);
    saveState(outDir, state);
  }
  if (options.cancelled()) return { state, quality: null, gates: null };
  const tables = plan.engine.layouts.map(({ table }) => table);
  const at = new Date(options.clock.now()).toISOString();
  const gates = judge(outDir, options.profile, { runId: state.runId, hashes: plan.hashes, tables, at });
  if (!state.done.includes('gates')) state.done.push('gates');
  saveState(outDir, state);
  const quality = run.quality ?? readQualityReport(outDir);
  addHistory(outDir, options.from === null ? 'run' : `run from ${options.from}`, gates, quality);
  options.progress('gates', gates.status);
  return { state, quality, gates };
}

interface Running {
  readonly options: PasRunOptions;
  readonly plan: RunPlan;
  readonly state: RunState;
  readonly partsFolder: string;
  quality?: QualityReport;
}

const DO: Readonly<Record<Exclude<Step, 'gates'>, (run: Running) => Promise<void> | void>> = {
  async extract({ options, plan, state, partsFolder }) {
    const book = createIssueBook();
    for (const issue of plan.issues) book.add(issue, () => issue.key);
    const progress = (table: string, rows: number): void => options.progress('extract', `${table} ${rows}`);
    const input = {
      extract: options.extract,
      engine: plan.engine,
      merges: plan.merges,
      drivers: plan.drivers,
      book,
      progress,
    };
    const { tables, parts } = await extractParts({ ...input, folder: partsFolder });
    const shared = await readShared(input);
    state.extracted = [...tables, ...shared.tables];
    checkVolume(state.extracted, options, book);
    state.parts = parts;
    Object.assign(state, { partsDone: 0, lengths: [], figures: FIGURES() });
    state.found.extract = saved(book);
  },

  async transform({ options, plan, state, partsFolder }) {
    const book = createIssueBook(state.found.transform);
    const { rows } = await sharedRows({ options, plan });
    transformParts({
      engine: plan.engine,
      keys: openKeyFiles(options.keysDir, state.parts),
      shared: rows,
      folder: options.outDir,
      partsFolder,
      state,
      book,
      save: () => {
        state.found.transform = saved(book);
        saveState(options.outDir, state);
      },
      progress: (done, of) => options.progress('transform', `part ${done} of ${of}`),
      cancelled: options.cancelled,
    });
    if (!options.cancelled()) checkIdentities(partsFolder, book);
    state.found.transform = saved(book);
  },

  async verify(run) {
    const { options, plan, state, partsFolder } = run;
    const { outDir } = options;
    const book = createIssueBook();
    const { rows } = await sharedRows(run);
    const codes = plan.codeSets(rows);
    const verified = verifyTarget(outDir, plan, codes, book, (table) => options.progress('verify', table));
    const tables = tableFigures(state.figures, plan, verified);
    checkRates(tables, book);
    for (const [name, { missed }] of Object.entries(state.figures.cells)) sayMissed(book, name, missed);
    state.found.verify = saved(book);
    const at = new Date(options.clock.now()).toISOString();
    run.quality = qualityReport(state, plan, verified, tables, at);
    writeFileSync(join(outDir, 'quality.json'), `${JSON.stringify(run.quality, null, 1)}\n`);
    writeFileSync(join(outDir, 'issues.csv'), issuesCsv(state));
    writeFileSync(join(outDir, 'completeness.csv'), completenessCsv(tables));
    if (options.from === null || options.from === 'resume') rmSync(partsFolder, { recursive: true, force: true });
  },
};

/** The shared tables were judged when they were extracted; later steps need their rows again. */
const sharedRows = ({ options, plan }: Pick<Running, 'options' | 'plan'>): ReturnType<typeof readShared> =>
  readShared({
    extract: options.extract,
    engine: plan.engine,
    merges: null,
    drivers: plan.drivers,
    book: createIssueBook(),
    progress: () => undefined,
  });

const saved = ({ issues, counts }: IssueBook): SavedIssues => ({ issues: [...issues], counts: [...counts] });

/** Cells that the contract wants to hear of when the source leaves them blank. */
function sayMissed(book: IssueBook, name: string, missed: number): void {
  const [table = '', field = ''] = name.split('.');
  const message = `the source leaves it blank in ${missed} rows`;
  if (missed > 0) book.add({ severity: 'WARN', category: 'FIELD_BLANK', table, field, message });
}

function newState(options: PasRunOptions, plan: RunPlan, startedAt: string, on: string): RunState {
  return {
    runId: `${startedAt.replace(/[-:.]/g, '')}-${randomUUID().slice(0, 8)}`,
    startedAt,
    source: options.extract.name,
    contract: plan.contract,
    contractPath: options.contractPath,
    crosswalksFolder: options.crosswalksFolder,
    policyFile: options.policyFile,
    profile: options.profile,
    mode: options.mode,
    on,
    testData: options.testData,
    hashes: plan.hashes,
    done: [],
    parts: 0,
    extracted: [],
    partsDone: 0,
    lengths: [],
    figures: FIGURES(),
    found: nothingFound(),
  };
}

/** A run that ended took its parts away: to transform again, the extract is read again. */
function partsAreGone({ done, parts }: RunState, { from, outDir }: PasRunOptions): boolean {
  const transforms =
    from === 'transform' || (from === 'resume' && done.includes('extract') && !done.includes('transform'));
  return transforms && !partsAreThere(join(outDir, 'work'), parts);
}

/** A run goes on only with what it began with: other rules would make a target of two halves. */
function continued(before: RunState, plan: RunPlan, options: PasRunOptions): RunState {
  const { mode, testData } = options;
  const from = partsAreGone(before, options) ? 'extract' : options.from;
  const done = before.done.filter((step) => from === 'resume' || STEPS.indexOf(step) < STEPS.indexOf(from as Step));
  const changed = Object.entries(plan.hashes).filter(
    ([name, value]) => before.hashes[name as keyof RunState['hashes']] !== value,
  );
  const mixes =
    done.includes('extract') && (changed.length > 0 || before.mode !== mode || before.testData !== testData);
  if (mixes)
    throw new SluiceError(
      'CONFIG_INVALID',
      `the run began with other rules or options (${changed.map(([name]) => name).join(', ') || 'mode'}); begin it anew`,
    );
  return {
    ...before,
    hashes: plan.hashes,
    done,
    ...(done.includes('transform') || from === 'resume' ? {} : { partsDone: 0, lengths: [], figures: FIGURES() }),
    found: {
      ...nothingFound(),
      ...(done.includes('extract') ? { extract: before.found.extract } : {}),
      ...(done.includes('transform') || from === 'resume' ? { transform: before.found.transform } : {}),
    },
  };
}

function issuesCsv({ found }: RunState): string {
  const all = (['extract', 'transform', 'verify'] as const).flatMap((step) => found[step].issues);
  const lines = all.map((i) => csvLine([i.severity, i.category, i.table, i.field, i.key, i.message]));
  return csvLine(['severity', 'category', 'table_name', 'field_name', 'key', 'message']) + lines.join('');
}
