import type { TargetEdge } from '../catalogue/model.ts';
import type { TargetLayout } from '../engine/engine.ts';
import { type CellScope, shapeFor } from '../engine/shape.ts';
import type { IssueBook } from './issue-book.ts';

/** What is in a written table, as read back from it. */
export interface TableContent {
  readonly table: string;
  rows: number;
  /** Filled cells of each column. */
  readonly filled: number[];
}

export interface TargetChecker {
  /** Tables must come in load order, so that parents are known before their children. */
  table(layout: TargetLayout, header: readonly string[]): (cells: readonly string[]) => void;
  readonly contents: readonly TableContent[];
  /** Children whose parent is not there, by edge. */
  readonly orphans: ReadonlyMap<string, number>;
  /** Edges whose two ends were read. */
  readonly edgesChecked: number;
}

/** A set of record numbers: one bit each, so that 10 million of them are little more than a megabyte. */
interface NumberSet {
  has(number: number): boolean;
  /** false: it was there */
  add(number: number): boolean;
}

function numberSet(): NumberSet {
  let bits = new Uint32Array(1 << 12);
  return {
    has: (number) => (((bits[number >>> 5] ?? 0) >>> (number & 31)) & 1) === 1,
    add(number) {
      const word = number >>> 5;
      if (word >= bits.length) {
        const wider = new Uint32Array(Math.max(word + 1, bits.length * 2));
        wider.set(bits);
        bits = wider;
      }
      const mask = 1 << (number & 31);
      const known = ((bits[word] as number) & mask) !== 0;
      bits[word] = (bits[word] as number) | mask;
      return !known;
    },
  };
}

/** Reads written tables back: keys, links, types, lengths and what must be there. Knows nothing of how they were made. */
export function createTargetChecker(edges: readonly TargetEdge[], book: IssueBook): TargetChecker {
  const numbers = new Map<string, NumberSet>();
  const contents: TableContent[] = [];
  const orphans = new Map<string, number>();
  let edgesChecked = 0;

  return {
    contents,
    orphans,
    get edgesChecked() {
      return edgesChecked;
    },
    table(layout, header) {
      const { table, columns } = layout;
      if (columns.some(({ name }, i) => header[i] !== name) || header.length !== columns.length)
        book.add({
          severity: 'ERROR',
          category: 'TARGET_HEADER',
          table,
          field: '',
          message: 'not the columns declared',
        });
      const own = numberSet();
      numbers.set(table, own);
      const content: TableContent = { table, rows: 0, filled: columns.map(() => 0) };
      contents.push(content);
      const at = new Map(header.map((name, i) => [name, i]));
      const record = at.get('record_number') ?? -1;
      const links = edges.flatMap(({ child, field, parent }) => {
        const index = child === table ? at.get(field) : undefined;
        const known = numbers.get(parent);
        if (index === undefined || !known) return [];
        edgesChecked += 1;
        const edge = `${child}.${field}`;
        orphans.set(edge, 0);
        return [{ index, field, edge, known }];
      });
      // what a switch may hold is the contract's business: some are letters of their own
      const shapes = columns.map((column) =>
        shapeFor({ ...column, type: column.type === 'flag' ? 'code' : column.type }),
      );
      const scope: CellScope = { problem: null, note: null };
      return (cells) => {
        content.rows += 1;
        const number = Number(cells[record]);
        const place = (): string => (record >= 0 ? String(number) : `row ${content.rows}`);
        if (record >= 0 && (!Number.isSafeInteger(number) || number < 1 || !own.add(number)))
          book.add(
            {
              severity: 'ERROR',
              category: 'TARGET_KEY',
              table,
              field: 'record_number',
              message: 'missing, no number or not unique',
            },
            place,
          );
        for (const { index, field, edge, known } of links) {
          const link = cells[index] ?? '';
          if (link === '' || known.has(Number(link))) continue;
          orphans.set(edge, (orphans.get(edge) ?? 0) + 1);
          book.add(
            { severity: 'ERROR', category: 'TARGET_ORPHAN', table, field, message: 'the parent row is not there' },
            place,
          );
        }
        for (let i = 0; i < columns.length; i++) {
          const value = cells[i] ?? '';
          const column = columns[i] as (typeof columns)[number];
          if (value === '') {
            if (column.mandatory)
              book.add(
                {
                  severity: 'WARN',
                  category: 'TARGET_MANDATORY_BLANK',
                  table,
                  field: column.name,
                  message: 'must be there and is not',
                },
                place,
              );
            continue;
          }
          (content.filled as number[])[i] = (content.filled[i] ?? 0) + 1;
          scope.problem = null;
          (shapes[i] as (typeof shapes)[number])(value, scope);
          if (scope.problem !== null)
            book.add(
              {
                severity: 'ERROR',
                category: 'TARGET_VALUE',
                table,
                field: column.name,
                message: `not what the column takes: ${scope.problem}`,
              },
              place,
            );
        }
      };
    },
  };
}
