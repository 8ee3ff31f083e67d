import type { Flow, Target } from '../../core/index.ts';
import { type Away, lookAtRoots } from './look.ts';
import type { ReconcileParts } from './parts.ts';
import { recordLook, recordObservations } from './record.ts';
import { findStrangers } from './strangers.ts';

export interface Looks {
  readonly looked: number;
  readonly confirmed: number;
  /** documents without a fault in the last look at them, by target */
  readonly right: ReadonlyMap<string, ReadonlySet<string>>;
}

const ROOTS = 200;
const LOOKS = 6;
const BETWEEN_LOOKS_MS = 1_000;
const ENGINE = 'digest';

/** Looks at roots, then again at those that were on their way or are suspected: the second aligned look confirms. */
export async function lookAgain(
  parts: ReconcileParts,
  flow: Flow,
  roots: readonly string[],
  signal: AbortSignal,
): Promise<Looks> {
  const right = new Map<string, Set<string>>();
  let [looked, confirmed] = [0, 0];
  // what the digest asks is answered by tables: a target that is away is not waited for
  const away: Away = new Map();
  let left = roots;
  for (let look = 0; left.length > 0 && look < LOOKS && !signal.aborted; look++) {
    if (look > 0) await parts.clock.sleep(BETWEEN_LOOKS_MS, signal);
    const again = new Set<string>();
    for (let i = 0; i < left.length; i += ROOTS) {
      const at = await lookAtRoots(parts, flow, left.slice(i, i + ROOTS), away);
      const recorded = await recordLook(parts, at, ENGINE);
      looked += at.documents.length;
      confirmed += recorded.confirmed;
      for (const root of [...at.hot, ...recorded.suspects.map((one) => one.root)]) again.add(root);
      for (const { target, id, judged } of at.documents) {
        const ids = right.get(target) ?? new Set();
        if (judged.kinds.length === 0) ids.add(id);
        else ids.delete(id);
        right.set(target, ids);
      }
    }
    left = [...again];
  }
  return { looked, confirmed, right };
}

/** Looks for what nothing expects; answers how many findings were confirmed. */
export async function lookForStrangers(parts: ReconcileParts, { name }: Flow, target: Target): Promise<number> {
  const recorded = await recordObservations(parts, (await findStrangers(parts, name, target)).observations, ENGINE);
  if (recorded.suspects.length === 0) return recorded.confirmed;
  const second = await findStrangers(parts, name, target);
  return recorded.confirmed + (await recordObservations(parts, second.observations, ENGINE)).confirmed;
}
