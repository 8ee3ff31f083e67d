import { existsSync, readFileSync } from 'node:fs';
import { createCsvReader, SluiceError } from '../../core/index.ts';

/** How many rows each table was sent with: `table,rows`, with that header. @throws CONFIG_INVALID with the line */
export function readRowCounts(path: string): ReadonlyMap<string, number> {
  if (!existsSync(path)) throw new SluiceError('CONFIG_INVALID', `--row-counts: there is no file ${path}`);
  const counts = new Map<string, number>();
  const refuse = (line: number, why: string): never => {
    throw new SluiceError('CONFIG_INVALID', `--row-counts: line ${line} of ${path} ${why}`);
  };
  const reader = createCsvReader({
    row([table = '', rows = ''], line) {
      if (line === 1) {
        if (table.trim() !== 'table' || rows.trim() !== 'rows') refuse(line, 'is not the header table,rows');
        return;
      }
      const name = table.trim().toUpperCase();
      if (name === '' || !/^\d{1,12}$/.test(rows.trim())) refuse(line, 'is no table and number');
      if (counts.has(name)) refuse(line, `names ${name} a second time`);
      counts.set(name, Number(rows));
    },
    bad: (line, problem) => refuse(line, `cannot be read (${problem})`),
  });
  reader.push(readFileSync(path, 'utf8').replace(/^\ufeff/, ''));
  reader.end();
  return counts;
}
