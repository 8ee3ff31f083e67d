import { type Aggregate, type DocumentRef, type DualWriteSwitch, type Flow, SWITCH_NEED } from '../core/index.ts';

/**
 * What a root waits for whose kind is switched off. Nothing of it is written and nothing is lost: its changes stay to be
 * rendered, and it is marked again by whoever sees the switch on. So a switch that was read a moment too early does no harm.
 */
export async function needsOfSwitch(
  flow: Flow,
  aggregate: Aggregate | undefined,
  switches: DualWriteSwitch | undefined,
): Promise<readonly DocumentRef[]> {
  if (!switches || !aggregate?.root) return [];
  const kind = flow.switchedBy?.(aggregate) ?? null;
  return kind === null || (await switches.isOn(kind)) ? [] : [{ target: SWITCH_NEED, id: kind }];
}
