import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { csvLine, opaqueKey, SluiceError } from '../../core/index.ts';
import {
  checkSource,
  type Engine,
  type IssueBook,
  type Reject,
  type Sink,
  type SourceRow,
} from '../../migrations/pas/index.ts';
import { patientTables } from './extract.ts';
import { createIdentityFiles } from './identity-files.ts';
import type { KeyFiles } from './key-files.ts';
import { readPart } from './parts.ts';
import type { Figures, RunState } from './run-state.ts';
import { openTableFiles, type TableFiles } from './table-files.ts';

export interface TransformInput {
  readonly engine: Engine;
  readonly keys: KeyFiles;
  readonly shared: ReadonlyMap<string, readonly SourceRow[]>;
  readonly folder: string;
  readonly partsFolder: string;
  readonly state: RunState;
  readonly book: IssueBook;
  /** Called after some parts and the last; what it saved is where a broken run goes on. */
  readonly save: () => void;
  readonly progress: (done: number, of: number) => void;
  readonly cancelled: () => boolean;
}

/** How many parts are done again at most when a run is broken off: a point costs some 200 writes. */
const PARTS_TO_A_POINT = 4;

export const LINEAGE_HEADER = ['record_number', 'feed', 'source_key', 'positions', 'made_up'];

export const REJECT_HEADER = [
  'problem',
  'disposition',
  'target_table',
  'target_field',
  'feed',
  'source_table',
  'source_field',
  'source_key',
  'value_class',
  'event_position',
  'crosswalk',
];

/** Makes the target of one part after the other. What is in memory is one part, the shared tables and its keys. */
export function transformParts(input: TransformInput): void {
  const { engine, state, folder } = input;
  const files = openFiles(engine, folder, state);
  const sink = sinkInto(files, engine, state.figures, input.book);
  const identities = createIdentityFiles(input.partsFolder, state.partsDone === 0);
  try {
    // part 0 of the count is the shared tables; their keys are the parents of every part
    const quiet: Sink = {
      row: () => undefined,
      reject: () => undefined,
      count: () => undefined,
      cell: () => undefined,
    };
    engine.runShared(input.shared, input.keys, state.partsDone === 0 ? sink : quiet);
    const tables = patientTables(engine);
    const extracted = state.extracted.slice(0, tables.length).map(({ table }) => table);
    if (extracted.join() !== tables.join())
      throw new SluiceError('CONFIG_INVALID', 'the extract has other tables now than when it was read; begin anew');
    for (let part = state.partsDone === 0 ? 0 : state.partsDone - 1; part < state.parts; part++) {
      if (input.cancelled()) break;
      const rows = readPart(input.partsFolder, part, tables);
      checkSource(rows, engine.projection, input.book, { testData: state.testData, onIdentity: identities.add });
      engine.runPatients(rows, input.keys, sink);
      const done = part + 1;
      input.progress(done, state.parts);
      if (done % PARTS_TO_A_POINT === 0 || done === state.parts || input.cancelled()) {
        identities.flush();
        input.keys.flush();
        state.lengths = files.flush();
        state.partsDone = done + 1;
        input.save();
      }
    }
  } finally {
    files.close();
    input.keys.close();
  }
}

function openFiles(engine: Engine, folder: string, state: RunState): TableFiles {
  const names = engine.layouts.map(({ table }) => `${table}.csv`);
  mkdirSync(join(folder, 'target'), { recursive: true });
  mkdirSync(join(folder, 'lineage'), { recursive: true });
  return openTableFiles(
    folder,
    [
      ...engine.layouts.map(({ columns }, i) => ({
        name: join('target', names[i] as string),
        header: columns.map(({ name }) => name),
      })),
      ...names.map((name) => ({ name: join('lineage', name), header: LINEAGE_HEADER })),
      { name: 'rejects.csv', header: REJECT_HEADER },
    ],
    state.partsDone === 0 ? null : state.lengths,
  );
}

const NO_ROWS: Figures['feeds'][string] = {
  read: 0,
  loaded: 0,
  notMeant: 0,
  folded: 0,
  sameRow: 0,
  rejected: 0,
  quarantined: 0,
};

function sinkInto(files: TableFiles, { layouts }: Engine, figures: Figures, book: IssueBook): Sink {
  const counts = layouts.map(({ table, feeds }) =>
    feeds.map(({ name }) => {
      const count = figures.feeds[`${table}/${name}`] ?? { ...NO_ROWS };
      figures.feeds[`${table}/${name}`] = count;
      return count;
    }),
  );
  const cellsOf = layouts.map(({ columns }) => columns.map((): Figures['cells'][string] | null => null));
  const lineage = layouts.length;
  const rejects = layouts.length * 2;
  return {
    row(table, row) {
      const { recordNumber, feed, sourceKey, positions, madeUp } = row;
      files.add(table, csvLine(row.cells));
      files.add(
        lineage + table,
        csvLine([String(recordNumber), feed, sourceKey, positions.join(';'), madeUp.join(';')]),
      );
    },
    reject(reject) {
      files.add(rejects, csvLine(rejectCells(reject)));
      const name = `${reject.problem}|${reject.table}|${reject.field}`;
      figures.rejects[name] = (figures.rejects[name] ?? 0) + 1;
      const lost = reject.disposition !== 'blank';
      book.add(
        {
          severity: lost ? 'ERROR' : 'WARN',
          category: `REJECT_${reject.problem}`,
          table: reject.table,
          field: reject.field,
          message: lost ? `the row is not loaded (${reject.disposition})` : 'the cell stays empty',
        },
        () => opaqueKey(reject.sourceKey),
      );
    },
    count(table, feed, what, by) {
      const count = counts[table]?.[feed];
      if (count) count[what] += by;
    },
    cell(table, field, what) {
      let cells = cellsOf[table]?.[field];
      if (!cells) {
        const layout = layouts[table];
        const name = `${layout?.table}.${layout?.columns[field]?.name}`;
        cells = figures.cells[name] ?? { defaulted: 0, imputed: 0, unapproved: 0, missed: 0 };
        figures.cells[name] = cells;
        (cellsOf[table] as (typeof cells | null)[])[field] = cells;
      }
      cells[what] += 1;
    },
  };
}

const rejectCells = (reject: Reject): string[] => [
  reject.problem,
  reject.disposition,
  reject.table,
  reject.field,
  reject.feed,
  reject.sourceTable,
  reject.sourceField,
  reject.sourceKey,
  reject.valueClass,
  reject.position,
  reject.crosswalk,
];
