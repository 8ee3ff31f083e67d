import type { Finding, FindingState } from '../../core/index.ts';
import { Apart } from './apart.ts';
import { type Away, type LookedAt, lookAtRoots } from './look.ts';
import type { Observation } from './observation.ts';
import type { ReconcileParts } from './parts.ts';
import { recordLook, recordObservations } from './record.ts';
import { lookAtRows } from './rows.ts';
import { listedTargets, recheckStrangers } from './strangers.ts';

const OPEN: readonly FindingState[] = ['suspect', 'confirmed', 'repaired', 'accepted'];
const ROOTS = 200;

/**
 * Looks once more at everything that has an open finding, or at one of them; answers those that are open now. Throws
 * PartlyFailed when some could not be looked at, after all others have been.
 */
export async function recheckOpen(parts: ReconcileParts, engine: string, id?: string): Promise<readonly Finding[]> {
  const filter = { states: OPEN, limit: 10_000, ...(id === undefined ? {} : { id }) };
  const open = await parts.store.list(filter);
  const { migration } = parts.open;
  const [apart, away]: [Apart, Away] = [new Apart(), new Map()];
  for (const flow of migration.flows) {
    const own = open.filter((finding) => finding.flow === flow.name && !isOfSource(finding));
    const roots = [...new Set(own.filter(({ root }) => root !== '').map(({ root }) => root))];
    await apart.do(flow.name, async () => {
      for (let i = 0; i < roots.length; i += ROOTS) {
        const look = await lookAtRoots(parts, flow, roots.slice(i, i + ROOTS), away);
        await recordLook(parts, look, engine);
        await recordObservations(parts, noLongerExpected(parts, look, own), engine);
        for (const why of look.unread.values()) apart.blame([flow.name], why);
      }
    });
    // what was accepted stays until a scan does not find it any more
    const strange = own.filter(({ root, state }) => root === '' && (state !== 'accepted' || id !== undefined));
    for (const target of listedTargets(parts, flow)) {
      const ids = strange.filter((one) => one.target === target.name).map(({ key }) => key);
      if (ids.length === 0) continue;
      await apart.do(flow.name, async () => {
        await recordObservations(parts, await recheckStrangers(parts, flow.name, target, ids), engine);
      });
    }
  }
  const rows = migration.tables.map((table) => ({
    table,
    keys: open.filter(({ target }) => target === `source:${table.name}`).map(({ key }) => key),
  }));
  await apart.do('', async () => {
    for (const { observations } of await lookAtRows(parts, rows)) await recordObservations(parts, observations, engine);
  });
  apart.settle();
  return parts.store.list(filter);
}

/** Documents with a finding that their root makes no more: what was wrong with them is over. */
function noLongerExpected({ history }: ReconcileParts, look: LookedAt, findings: readonly Finding[]): Observation[] {
  const { flow, documents, mapped, unverified } = look;
  const settled = new Set(mapped.filter((root) => !unverified.includes(root)));
  const expected = new Set(documents.map(({ target, id }) => `${target}\u001f${id}`));
  return findings
    .filter(({ root, target, key }) => settled.has(root) && !expected.has(`${target}\u001f${key}`))
    .filter(({ target }) => target !== history?.rules.target.name && flow.targets.some(({ name }) => name === target))
    .map(({ target, key, root }) => ({ flow: flow.name, target, id: key, root, kinds: [], hash: null }));
}

const isOfSource = ({ target }: Finding): boolean => target.startsWith('source:');
