import { csvFolder, type Encoding } from '../source-files.ts';
import { type Limits, noSuchTable, type SourceConnector, tooSlow } from './connector.ts';

/** Ends the reading of a file from inside. */
class Enough extends Error {}

/** A folder with one CSV file a table. */
export function csvSource(folder: string, encoding: Encoding, limits: Limits, now: () => number): SourceConnector {
  const extract = csvFolder(folder, encoding);
  const sample: SourceConnector['sample'] = async (table) => {
    const known = await extract.tables();
    if (!known.some((listed) => listed.table === table)) throw noSuchTable(table);
    const until = now() + limits.seconds * 1_000;
    let columns: readonly string[] = [];
    const rows: (readonly string[])[] = [];
    try {
      await extract.read(table, {
        header(names) {
          columns = names.map((name) => name.replace(/^\ufeff/, '').trim());
        },
        row(cells) {
          if (rows.length < limits.rows) rows.push(cells);
        },
        bad: () => undefined,
        async drain() {
          if (rows.length >= limits.rows) throw new Enough();
          if (now() > until) throw tooSlow(limits.seconds);
        },
      });
    } catch (error) {
      if (!(error instanceof Enough)) throw error;
    }
    return { columns, rows };
  };
  return {
    name: extract.name,
    list: () => extract.tables(),
    describe: async (table) => (await sample(table)).columns.map((name) => ({ name, type: 'text' })),
    sample,
    close: () => extract.close(),
  };
}
