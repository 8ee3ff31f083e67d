import type { Contract } from '../contract/model.ts';
import { ruleText } from '../contract/rule-text.ts';
import { REJECTS, targetName } from './documents.ts';

/**
 * Names what a contract decides of a column: its class and rule, those of all feeds where they differ; of a whole row the
 * plan of its table, which also decides the columns that tell of its source, of a refused row `refusals`.
 */
export function ruleNames({ fields }: Contract): (target: string, path: string) => string | null {
  const names = new Map<string, string>([[REJECTS, 'refusals']]);
  for (const [table, rows] of fields) {
    names.set(targetName(table), `plan ${table}`);
    for (const row of rows) {
      const place = `${targetName(table)}.${row.field}`;
      const name = `${row.class} ${ruleText(row.rule)}`;
      const known = names.get(place);
      names.set(place, known === undefined || known.split(', ').includes(name) ? name : `${known}, ${name}`);
    }
  }
  return (target, path) => names.get(`${target}.${path}`) ?? names.get(target) ?? null;
}
