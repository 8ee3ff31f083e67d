import type { Clause, Profile } from '../clause.ts';

interface Limits {
  readonly warnings: number;
  readonly unresolved: number;
  readonly crosswalkRejects: number;
  readonly populationRatio: number;
  readonly mandatoryCompleteness: number;
  /** null: not asked for */
  readonly unapprovedTranslations: number | null;
  readonly imputedCells: number | null;
}

const atMost = (gate: string, figure: string, threshold: number): Clause => ({
  gate,
  figure,
  test: 'at-most',
  threshold,
});
const atLeast = (gate: string, figure: string, threshold: number): Clause => ({
  gate,
  figure,
  test: 'at-least',
  threshold,
});

function clausesOf(limits: Limits): readonly Clause[] {
  const { unapprovedTranslations, imputedCells } = limits;
  return [
    atMost('NO_ERRORS', 'errors', 0),
    atMost('WARNINGS_THRESHOLD', 'warnings', limits.warnings),
    atMost('UNRESOLVED_MAPPING_THRESHOLD', 'unresolvedMappings', limits.unresolved),
    atMost('CROSSWALK_REJECT_THRESHOLD', 'crosswalkRejects', limits.crosswalkRejects),
    atLeast('POPULATION_RATIO_MIN', 'populationRatio', limits.populationRatio),
    atLeast('TABLES_WRITTEN_MIN', 'tablesWritten', 38),
    atMost('NO_ORPHANS', 'orphans', 0),
    atLeast('EDGES_CHECKED_MIN', 'edgesChecked', 41),
    atMost('ROW_BALANCE_EXPLAINED', 'unexplainedRows', 0),
    atLeast('MANDATORY_COMPLETENESS_MIN', 'mandatoryCompleteness', limits.mandatoryCompleteness),
    ...(unapprovedTranslations === null
      ? []
      : [atMost('TRANSLATIONS_APPROVED', 'unapprovedTranslations', unapprovedTranslations)]),
    ...(imputedCells === null ? [] : [atMost('NO_IMPUTED_CELLS', 'imputedCells', imputedCells)]),
  ];
}

/** The release gates of PAS V83 -> PAS 18.4, from the first rehearsal to the night itself. */
export const PAS_PROFILES: readonly Profile[] = [
  {
    name: 'development',
    clauses: clausesOf({
      warnings: 60,
      unresolved: 40,
      crosswalkRejects: 5,
      populationRatio: 0.3,
      mandatoryCompleteness: 0.9,
      unapprovedTranslations: null,
      imputedCells: null,
    }),
  },
  {
    name: 'pre_production',
    clauses: clausesOf({
      warnings: 20,
      unresolved: 10,
      crosswalkRejects: 0,
      populationRatio: 0.55,
      mandatoryCompleteness: 0.98,
      unapprovedTranslations: null,
      imputedCells: 0,
    }),
  },
  {
    name: 'cutover_ready',
    clauses: clausesOf({
      warnings: 10,
      unresolved: 5,
      crosswalkRejects: 0,
      populationRatio: 0.6,
      mandatoryCompleteness: 1,
      unapprovedTranslations: 0,
      imputedCells: 0,
    }),
  },
];
