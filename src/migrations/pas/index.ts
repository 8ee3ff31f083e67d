export { type CatalogueDifference, compareCatalogues } from './catalogue/compare.ts';
export { importDictionary } from './catalogue/import.ts';
export type { Catalogue, TargetEdge } from './catalogue/model.ts';
export { readCatalogue } from './catalogue/read.ts';
export { writeSourceCatalogue } from './catalogue/write.ts';
export { checkContract } from './contract/check.ts';
export { tablesRead } from './contract/check-plans.ts';
export type { Condition, Contract, Crosswalk, MappingClass, Pick, Rule, TablePlan } from './contract/model.ts';
export { applyPolicy, type PolicyOverride, readPolicy } from './contract/policy.ts';
export { type Proposal, proposeField, proposeRows } from './contract/propose.ts';
export { type ReadContract, readContract } from './contract/read.ts';
export type { ReadField } from './contract/read-fields.ts';
export { ruleText } from './contract/rule-text.ts';
export { createEngine, type Engine } from './engine/engine.ts';
export { deletionOf, type Header, moveMerged, readHeader, readMerges } from './engine/intake.ts';
export type { FeedCount, Reject, Sink, SourceRow } from './engine/outcome.ts';
export type { ProjectedTable } from './engine/projection.ts';
export type { TargetColumn } from './engine/shape.ts';
export { targetColumnsOf } from './engine/target-columns.ts';
export type { ChainFigures } from './quality/chains.ts';
export { codeSetsOf } from './quality/code-sets.ts';
export type { IdentityKind } from './quality/identity.ts';
export {
  createIssueBook,
  type Issue,
  type IssueBook,
  type IssueCount,
  type SavedIssues,
  type Severity,
} from './quality/issue-book.ts';
export { checkRates } from './quality/rates.ts';
export { checkSource } from './quality/source-checks.ts';
export { createTargetChecker, type LinkFigures, type TableContent } from './quality/target-checks.ts';
export { checkVolume } from './quality/volume.ts';
export { referenceContract } from './reference/contract.ts';
export { readReferenceRows } from './reference/rows.ts';
export { createDerivations } from './rules/derivations.ts';
export { valueClass } from './rules/value-class.ts';
export {
  COPY_COLUMN,
  ROW_COLUMN,
  STAGING_SCHEMA,
  type StagingTable,
  stagingDdl,
  stagingTables,
} from './staging/tables.ts';
export { type PasConfig, pasMigration } from './stream/migration.ts';
