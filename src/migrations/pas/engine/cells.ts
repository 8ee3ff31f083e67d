import { SluiceError } from '../../../core/index.ts';
import type { Contract, Feed, FieldRow } from '../contract/model.ts';
import type { createTranslator } from '../rules/crosswalk.ts';
import type { Derivation } from '../rules/derivations.ts';
import type { Projection } from './projection.ts';
import { type Column, columnAt, type RowsAtHand, valueAt } from './rows-at-hand.ts';
import { type CellScope, type Shape, shapeFor, type TargetColumn } from './shape.ts';

/** One field of one feed, ready to run. */
export interface CompiledCell {
  readonly index: number;
  readonly field: FieldRow;
  /** Where the value comes from, first source first; for rejects and lineage. */
  readonly sources: readonly Column[];
  make(rows: RowsAtHand, scope: CellScope): string;
}

export interface CellRules {
  translator(crosswalk: string): ReturnType<typeof createTranslator>;
  derivation(name: string): Derivation;
}

export function compileCell(
  feed: Feed,
  field: FieldRow,
  target: { readonly index: number; readonly column: TargetColumn },
  context: { readonly projection: Projection; readonly rules: CellRules; readonly imputed: string | null },
): CompiledCell | null {
  const sources = field.sources.map((ref) => columnAt(feed, ref, context.projection));
  const make = maker(field, sources, shapeOf(field, target.column), context.rules);
  const { imputed } = context;
  if (imputed === null || UNTOUCHED.has(field.rule.kind)) return make && { index: target.index, field, sources, make };
  const filled = (rows: RowsAtHand, scope: CellScope): string => {
    const value = make === null ? '' : make(rows, scope);
    if (value !== '' || scope.problem !== null) return value;
    scope.note = 'imputed';
    return imputed;
  };
  return { index: target.index, field, sources, make: filled };
}

/** What a crosswalk answers is the target's own code, also where the column is called a switch. */
const shapeOf = ({ rule }: FieldRow, column: TargetColumn): Shape =>
  shapeFor(rule.kind === 'translate' && column.type === 'flag' ? { ...column, type: 'code' } : column);

/** Keys and links are never made up. */
const UNTOUCHED: ReadonlySet<string> = new Set(['record-number', 'parent', 'source-key']);

function maker(
  field: FieldRow,
  sources: readonly Column[],
  shape: Shape,
  rules: CellRules,
): CompiledCell['make'] | null {
  const { rule } = field;
  const [first] = sources;
  switch (rule.kind) {
    case 'record-number':
    case 'parent':
    case 'source-key':
    case 'none':
      return null;
    case 'constant': {
      const value = rule.value;
      return (_, scope) => shape(value, scope);
    }
    case 'copy':
      if (!first) throw unreadable(field);
      return (rows, scope) => shape(rows.single[first.slot]?.[first.index] ?? '', scope);
    case 'translate': {
      if (!first) throw unreadable(field);
      const translate = rules.translator(rule.crosswalk);
      return (rows, scope) => {
        const code = valueAt(rows, first);
        if (code === '') return '';
        const answer = translate(code);
        if (typeof answer === 'string') {
          scope.problem = answer;
          return '';
        }
        if (!answer.approved) scope.note = 'unapproved';
        return shape(answer.value, scope);
      };
    }
    case 'derive': {
      const derive = rules.derivation(rule.name);
      // one pair of lists serves all rows: a rule keeps nothing of what it is given
      const values = sources.map(() => '');
      const lists = sources.map((): readonly string[] => []);
      return (rows, scope) => {
        for (let i = 0; i < sources.length; i++) {
          const column = sources[i] as Column;
          if (column.list) lists[i] = listAt(rows, column);
          else values[i] = valueAt(rows, column);
        }
        const value = derive(values, lists, scope);
        return scope.problem === null ? shape(value, scope) : '';
      };
    }
  }
}

const listAt = (rows: RowsAtHand, column: Column): string[] =>
  (rows.lists[column.slot] ?? []).map((row) => row[column.index] ?? '');

const unreadable = ({ table, field }: FieldRow): SluiceError =>
  new SluiceError('CONFIG_INVALID', `the contract copies ${table}.${field} from nowhere`);

/** The rows of a contract for one feed of a table: those of that feed before those of all. */
export function fieldsOf(contract: Contract, table: string, feed: string): ReadonlyMap<string, FieldRow> {
  const rows = contract.fields.get(table) ?? [];
  return new Map([
    ...rows.filter((row) => row.feed === null).map((row) => [row.field, row] as const),
    ...rows.filter((row) => row.feed === feed).map((row) => [row.field, row] as const),
  ]);
}
