export type { Catalogue, TargetEdge } from './catalogue/model.ts';
export { readCatalogue } from './catalogue/read.ts';
export type { Contract, Crosswalk } from './contract/model.ts';
export { readContract } from './contract/read.ts';
export { createEngine, type Engine, type TargetLayout } from './engine/engine.ts';
export { deletionOf, type Header, moveMerged, readHeader, readMerges } from './engine/intake.ts';
export type { CellCount, FeedCount, Reject, Sink, SourceRow, TargetRow } from './engine/outcome.ts';
export type { ProjectedTable, Projection } from './engine/projection.ts';
export type { TargetColumn } from './engine/shape.ts';
export {
  createIssueBook,
  type Issue,
  type IssueBook,
  type IssueCount,
  type SavedIssues,
} from './quality/issue-book.ts';
export { checkSource } from './quality/source-checks.ts';
export { createTargetChecker, type TableContent } from './quality/target-checks.ts';
export { referenceContract } from './reference/contract.ts';
export { readReferenceRows } from './reference/rows.ts';
export { createDerivations } from './rules/derivations.ts';
