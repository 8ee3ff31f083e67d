import { copyOf, type Flow } from '../core/index.ts';
import { CopyLander } from './copy-lander.ts';
import { ImageLander } from './image-lander.ts';
import type { Place } from './land.ts';
import type { Lander, LanderOptions } from './lander.ts';
import type { Decoder, PipelineContext } from './ports.ts';
import type { Subscriptions } from './subscriptions.ts';

/** How a partition of a table is landed; of `flows` those that need nothing but the row are derived on the spot. */
export function landerOf(
  place: Place,
  context: PipelineContext,
  decoder: Decoder,
  subscriptions: Subscriptions,
  flows: readonly Flow[],
  { parks = true, again = [] }: LanderOptions = {},
): Lander {
  const copied = copyOf(context.migration, place.table);
  if (copied) return new CopyLander(place, copied, context, decoder, { parks, again });
  const fastFlows = flows.filter((flow) => isFast(flow, place.table));
  return new ImageLander(place, context, decoder, subscriptions, fastFlows, { parks, again });
}

/** A root that is a row alone, and refers to no other root's rows, is derived as it lands. */
export const isFast = (flow: Flow, table: string): boolean =>
  'table' in flow.root && flow.root.table === table && flow.parts.length === 0;
