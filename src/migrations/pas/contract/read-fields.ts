import { SluiceError } from '../../../core/index.ts';
import { readSheet, type SheetRow } from '../sheet.ts';
import type {
  ColumnRef,
  Confidence,
  FieldRow,
  MappingClass,
  NullPolicy,
  RejectPolicy,
  ReviewStatus,
  Rule,
} from './model.ts';

/** The columns of a field file, in the order they are written. */
export const FIELD_HEAD = [
  'column',
  'class',
  'feed',
  'source',
  'via',
  'rule',
  'on_blank',
  'on_reject',
  'confidence',
  'review',
  'reviewed_by',
  'reason',
] as const;

const CLASSES: readonly MappingClass[] = [
  'DIRECT_SOURCE',
  'DERIVED',
  'LOOKUP_TRANSLATION',
  'SURROGATE_ETL',
  'REFERENCE_MASTER_FEED',
  'OUT_OF_SCOPE',
];
const NULLS: readonly NullPolicy[] = ['blank', 'report', 'reject-row'];
const REJECTS: readonly RejectPolicy[] = ['blank', 'reject-row', 'quarantine'];
const CONFIDENCES: readonly Confidence[] = ['HIGH', 'MEDIUM', 'LOW'];
export const REVIEWS: readonly ReviewStatus[] = ['DRAFT', 'IN_REVIEW', 'APPROVED', 'REJECTED'];

/** A source as the file names it, with the row it is read from; `contract check` compares the two. */
export interface NamedSource extends ColumnRef {
  readonly table: string;
}

/** A field row with the tables its file names beside it. */
export interface ReadField extends FieldRow {
  readonly sources: readonly NamedSource[];
}

/**
 * Reads fields/<TABLE>.csv. Several sources are parted by ` + `, in `source` as TABLE.Column, in `via` as the driver,
 * `last` or the name of a join.
 */
export function readFields(table: string, text: string): ReadField[] {
  return readSheet(`fields/${table}.csv`, text, FIELD_HEAD).map((row) => ({
    table,
    field: row.get('column'),
    feed: row.get('feed') || null,
    class: oneOf(row, 'class', CLASSES),
    sources: sourcesOf(row),
    rule: ruleOf(row),
    onBlank: oneOf(row, 'on_blank', NULLS),
    onReject: oneOf(row, 'on_reject', REJECTS),
    confidence: oneOf(row, 'confidence', CONFIDENCES),
    review: oneOf(row, 'review', REVIEWS),
    reviewedBy: row.get('reviewed_by'),
    reason: row.get('reason'),
  }));
}

function sourcesOf(row: SheetRow): NamedSource[] {
  const sources = row.get('source') === '' ? [] : row.get('source').split(' + ');
  const via = row.get('via') === '' ? [] : row.get('via').split(' + ');
  if (sources.length !== via.length)
    throw new SluiceError('CONFIG_INVALID', `${row.place} source names ${sources.length} columns, via ${via.length}`);
  return sources.map((source, i) => {
    const [table, field, ...more] = source.split('.');
    if (!table || !field || more.length > 0)
      throw new SluiceError('CONFIG_INVALID', `${row.place} source must read TABLE.Column`);
    return { row: via[i] ?? '', table, field };
  });
}

function ruleOf(row: SheetRow): Rule {
  const [kind, ...words] = row.get('rule').split(' ');
  const rest = words.join(' ');
  switch (kind) {
    case 'copy':
    case 'record-number':
    case 'parent':
    case 'source-key':
    case 'none':
      if (rest === '') return { kind };
      break;
    case 'translate':
      if (rest !== '') return { kind, crosswalk: rest };
      break;
    case 'constant':
      if (rest !== '') return { kind, value: rest };
      break;
    case 'derive':
      if (rest !== '') return { kind, name: rest };
      break;
  }
  throw new SluiceError(
    'CONFIG_INVALID',
    `${row.place} rule must be copy, translate <crosswalk>, constant <value>, derive <name>, record-number, parent, source-key or none`,
  );
}

export function oneOf<T extends string>(row: SheetRow, column: string, allowed: readonly T[]): T {
  const value = allowed.find((one) => one === row.get(column));
  if (value !== undefined) return value;
  throw new SluiceError('CONFIG_INVALID', `${row.place} ${column} must be one of ${allowed.join(', ')}`);
}
