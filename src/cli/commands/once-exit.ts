import { type Failed, PartlyFailed } from '../../app/reconcile/apart.ts';
import { hasOpen } from '../../app/reconcile/figures.ts';
import type { FindingCount } from '../../sinks/postgres/index.ts';
import { EXIT } from '../failure.ts';

/** What matters of a round of an engine to the exit of `sluice reconcile run --once`. */
interface Ended {
  readonly failed: Failed;
  readonly whole: boolean;
}

/**
 * How `sluice reconcile run --once` ends. Throws what kept a flow from being compared; what was stopped before its end
 * has failed, whatever it has found; a suspicion nobody could settle is open.
 */
export function onceExit(rounds: readonly Ended[], counts: readonly FindingCount[]): number {
  const failed = new Map(rounds.flatMap((round) => [...round.failed]));
  const fault = [...failed.values()].find(({ code, cause }) => code === 'INTERNAL' && cause !== undefined);
  // a fault of the program is told with its stack
  if (fault) throw fault.cause;
  if (failed.size > 0) throw new PartlyFailed(failed);
  if (rounds.some(({ whole }) => !whole)) return EXIT.failure;
  return hasOpen(counts) ? EXIT.drift : EXIT.ok;
}
