import { csvLine, SluiceError } from '../../core/index.ts';
import { generatePas, type PasSeed } from '../../rehearsal/index.ts';
import { loadHouseContract } from './house-contract.ts';
import { openTableFiles } from './table-files.ts';

export interface Generated {
  readonly tables: Readonly<Record<string, number>>;
  /** Kinds of dirt and how many rows have it. */
  readonly dirty: Readonly<Record<string, number>>;
}

/** Writes a folder of extracts, one CSV file a table, with all columns of the dictionary. */
export function generateFiles(folder: string, seed: PasSeed, progress: (rows: number) => void): Generated {
  const { catalogue, contract } = loadHouseContract();
  const read = new Set(
    [...contract.plans.values()].flatMap(({ feeds }) =>
      feeds.flatMap((f) => [f.driver, ...f.joins.map((j) => j.table)]),
    ),
  );
  for (const crosswalk of contract.crosswalks.values()) if (crosswalk.kind === 'master') read.add(crosswalk.table);
  read.add(contract.merges.table);
  const tables = [...catalogue.sourceTables.values()].filter(({ table, core }) => core || read.has(table));
  const columns = tables.map(({ table }) => [...(catalogue.sourceFields.get(table)?.keys() ?? [])]);
  const indexOf = new Map(
    tables.map(({ table }, i) => [table, { file: i, at: new Map(columns[i]?.map((name, j) => [name, j])) }]),
  );
  const files = openTableFiles(
    folder,
    tables.map(({ table }, i) => ({ name: `${table}.csv`, header: columns[i] ?? [] })),
    null,
  );
  const counts: Record<string, number> = Object.fromEntries(tables.map(({ table }) => [table, 0]));
  let rows = 0;
  const dirty = generatePas(seed, (table, row) => {
    const place = indexOf.get(table);
    if (!place) throw new SluiceError('INTERNAL', `the generator made a row of ${table}, which no extract has`);
    const cells = new Array<string>(place.at.size).fill('');
    for (const [name, value] of Object.entries(row)) {
      const at = place.at.get(name);
      if (at === undefined)
        throw new SluiceError('INTERNAL', `the generator filled ${table}.${name}, which is not there`);
      cells[at] = value;
    }
    files.add(place.file, csvLine(cells));
    counts[table] = (counts[table] ?? 0) + 1;
    rows += 1;
    if (rows % 100_000 === 0) progress(rows);
  });
  files.close();
  return { tables: counts, dirty };
}
