import type { TargetEdge } from '../catalogue/model.ts';
import type { TargetLayout } from '../engine/engine.ts';
import { type CellScope, shapeFor } from '../engine/shape.ts';
import { type ChainFigures, createChainChecker } from './chains.ts';
import type { IssueBook } from './issue-book.ts';
import { MOST_RECORDS, type NumberSet, numberSet } from './records.ts';

/** What is in a written table, as read back from it. */
export interface TableContent {
  readonly table: string;
  rows: number;
  /** Filled cells of each column. */
  readonly filled: number[];
}

/** Rows of a child table by what their link says: of a parent that is there, nothing, or of one that is not. */
export interface LinkFigures {
  linked: number;
  blank: number;
  orphans: number;
}

export interface TargetChecker {
  /** Tables must come in load order, so that parents are known before their children. */
  table(layout: TargetLayout, header: readonly string[]): (cells: readonly string[]) => void;
  readonly contents: readonly TableContent[];
  /** By edge. */
  readonly links: ReadonlyMap<string, LinkFigures>;
  /** By table, of those that belong to patients. */
  readonly chains: ReadonlyMap<string, ChainFigures>;
  /** Edges whose two ends were read. */
  readonly edgesChecked: number;
}

/**
 * Reads written tables back: keys, links, types, lengths, codes and what must be there. Knows nothing of how they were
 * made. `codeSets`: what a column may hold, by `TABLE.column`; a column that is not named may hold anything of its type.
 */
export function createTargetChecker(
  edges: readonly TargetEdge[],
  codeSets: ReadonlyMap<string, ReadonlySet<string>>,
  book: IssueBook,
): TargetChecker {
  const numbers = new Map<string, NumberSet>();
  const contents: TableContent[] = [];
  const links = new Map<string, LinkFigures>();
  const chains = createChainChecker(edges, book);
  let edgesChecked = 0;

  return {
    contents,
    links,
    chains: chains.figures,
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
      const ownLinks = edges.flatMap(({ child, field, parent }) => {
        const index = child === table ? at.get(field) : undefined;
        const known = numbers.get(parent);
        if (index === undefined || !known) return [];
        edgesChecked += 1;
        const figures: LinkFigures = { linked: 0, blank: 0, orphans: 0 };
        links.set(`${child}.${field}`, figures);
        return [{ index, field, figures, known }];
      });
      const followChain = chains.table(table, header);
      const codes = columns.map(({ name }) => codeSets.get(`${table}.${name}`) ?? null);
      // what a switch may hold is the contract's business: some are letters of their own
      const shapes = columns.map((column) =>
        shapeFor({ ...column, type: column.type === 'flag' ? 'code' : column.type }),
      );
      const scope: CellScope = { problem: null, note: null };
      return (cells) => {
        content.rows += 1;
        const number = Number(cells[record]);
        const place = (): string => (record >= 0 ? String(number) : `row ${content.rows}`);
        if (record >= 0 && !(number >= 1 && number <= MOST_RECORDS && Number.isInteger(number) && own.add(number)))
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
        for (const { index, field, figures, known } of ownLinks) {
          const link = cells[index] ?? '';
          const fate = link === '' ? 'blank' : known.has(Number(link)) ? 'linked' : 'orphans';
          figures[fate] += 1;
          if (fate !== 'orphans') continue;
          book.add(
            { severity: 'ERROR', category: 'TARGET_ORPHAN', table, field, message: 'the parent row is not there' },
            place,
          );
        }
        followChain?.(cells, place);
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
          if (codes[i]?.has(value) === false)
            book.add(
              {
                severity: 'ERROR',
                category: 'TARGET_CODE_UNKNOWN',
                table,
                field: column.name,
                message: 'a code that neither the crosswalk nor its master file has',
              },
              place,
            );
        }
      };
    },
  };
}
