import type { Flow, SourceTable } from '../../core/index.ts';
import type { Subscriptions } from '../../pipeline/index.ts';
import type { ReconcileParts } from './parts.ts';

/** The roots that rows belong to now, by the join keys they have landed with. */
export async function rootsOfRows(
  { reading, open }: Pick<ReconcileParts, 'reading' | 'open'>,
  subscriptions: Subscriptions,
  table: SourceTable,
  keys: readonly string[],
): Promise<ReadonlyMap<Flow, ReadonlySet<string>>> {
  const wanted = new Map<string, Set<string>>();
  for (const [key, { links }] of await reading.landed(table.name, keys))
    for (const mark of subscriptions.marksOf(table.name, key, {}, links, '')) {
      const name = `${mark.flow}\u001f${mark.part}`;
      wanted.set(name, (wanted.get(name) ?? new Set()).add(mark.key));
    }
  const found = new Map<Flow, Set<string>>();
  for (const [name, values] of wanted) {
    const [flowName = '', part = ''] = name.split('\u001f');
    const flow = open.migration.flows.find((one) => one.name === flowName);
    if (!flow) continue;
    const roots = found.get(flow) ?? new Set<string>();
    for (const root of part === '' ? values : await reading.rootsAbove(flow, part, [...values])) roots.add(root);
    found.set(flow, roots);
  }
  return found;
}
