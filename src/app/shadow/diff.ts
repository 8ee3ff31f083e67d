import { opaqueKey, SluiceError } from '../../core/index.ts';
import { PostgresShadows, type ShadowRecord } from '../../sinks/postgres/index.ts';
import type { OpenPipeline } from '../pipeline.ts';
import { differingPaths, pick } from './fields.ts';

/** Documents that would change in one way: at a path, or as a whole. */
export interface ShadowChange {
  /** what decides it by its name: of pas a contract's rule, elsewhere the flow's transformer */
  readonly rule: string;
  readonly flow: string;
  readonly target: string;
  /** `field`: at `path`; `appears`, `vanishes`: the whole document */
  readonly kind: 'field' | 'appears' | 'vanishes';
  readonly path: string;
  readonly count: number;
  /** some of them: hashes as `sluice parked ls` shows them, or the keys themselves where they were asked for */
  readonly keys: readonly string[];
}

export interface ShadowDiff {
  readonly shadow: string;
  readonly whole: boolean;
  /** documents compared that differ in at least one field */
  readonly documents: number;
  /** by rule, then by flow, target and path */
  readonly changes: readonly ShadowChange[];
}

const SAMPLE = 5;

/** Throws CONFIG_INVALID when no replay has filled it, or one still does. */
export async function readShadow(open: OpenPipeline): Promise<ShadowRecord> {
  const record = await new PostgresShadows(open.pool, open.migration, open.name).read();
  if (!record)
    throw new SluiceError('CONFIG_INVALID', `no replay has filled a shadow '${open.name}' of ${open.migration.name}`);
  if (record.state !== 'ready')
    throw new SluiceError('CONFIG_INVALID', `the replay into ${open.name} has not ended: run it again`);
  return record;
}

/** What would change if the shadow were live: documents and fields, grouped by the rule that makes them, flow, target and path. */
export async function shadowDiff(open: OpenPipeline, showsKeys: boolean): Promise<ShadowDiff> {
  const record = await readShadow(open);
  const shadows = new PostgresShadows(open.pool, open.migration, open.name);
  const isWanted = (flow: string): boolean => record.flow === null || record.flow === flow;
  const shown = (ids: readonly string[]): string[] => ids.map((id) => (showsKeys ? id : opaqueKey(id)));
  const groups = new Map<string, { flow: string; target: string; path: string; count: number; ids: string[] }>();
  let documents = 0;
  for (const flow of open.migration.flows.filter(({ name }) => isWanted(name))) {
    for (const { name: target, kind } of flow.copy ? [] : flow.targets) {
      const columns = kind === 'postgres' ? new Set(record.columns[target] ?? []) : null;
      for await (const page of shadows.differing(target)) {
        for (const { id, flow: of, live, shadow } of page) {
          const paths = columns
            ? differingPaths(pick(live, columns), pick(shadow, columns))
            : differingPaths(live, shadow);
          documents += 1;
          // content that means the same in another form: the hash is of what is meant
          for (const path of paths.size === 0 ? ['(form)'] : paths) {
            const name = [of, target, path].join('\u001f');
            const group = groups.get(name) ?? { flow: of, target, path, count: 0, ids: [] };
            group.count += 1;
            if (group.ids.length < SAMPLE) group.ids.push(id);
            groups.set(name, group);
          }
        }
      }
    }
  }
  const changes: Omit<ShadowChange, 'rule'>[] = [...groups.values()].map(({ ids, ...group }) => ({
    ...group,
    kind: 'field' as const,
    keys: shown(ids),
  }));
  for (const { side, ids, ...one } of await shadows.oneSided()) {
    // what a replay did not begin early enough for is not gone
    if (!isWanted(one.flow) || (side === 'live' && !record.whole)) continue;
    changes.push({ ...one, kind: side === 'live' ? 'vanishes' : 'appears', path: '', keys: shown(ids) });
  }
  for (const { flow, target, live, shadow, onlyLive, onlyShadow, fields } of await shadows.copies()) {
    if (!isWanted(flow)) continue;
    const whole = (kind: 'appears' | 'vanishes', count: number, ids: readonly string[]): void => {
      if (count > 0) changes.push({ flow, target, kind, path: '', count, keys: shown(ids) });
    };
    if (record.whole) whole('vanishes', live, onlyLive);
    whole('appears', shadow, onlyShadow);
    for (const { path, count, ids } of fields)
      changes.push({ flow, target, kind: 'field', path, count, keys: shown(ids) });
  }
  const { ruleOf } = open.migration;
  const named = changes.map((change) => ({
    rule: (ruleOf ? ruleOf(change.target, change.path) : `transformer ${change.flow}`) ?? '(no rule)',
    ...change,
  }));
  const order = (x: ShadowChange): string => [x.rule, x.flow, x.target, x.path, x.kind].join('\u001f');
  return {
    shadow: open.name,
    whole: record.whole,
    documents,
    changes: named.sort((x, y) => (order(x) < order(y) ? -1 : 1)),
  };
}

/** Drops a shadow, filled or not, and records who did. Throws CONFIG_INVALID when there is none of that name. */
export async function discardShadow(open: OpenPipeline, by: string): Promise<void> {
  const shadows = new PostgresShadows(open.pool, open.migration, open.name);
  const record = await shadows.read();
  if (!record)
    throw new SluiceError('CONFIG_INVALID', `no replay has filled a shadow '${open.name}' of ${open.migration.name}`);
  await open.admin.dropPipeline(open.folders);
  await shadows.note('discarded', by, { state: record.state });
}
