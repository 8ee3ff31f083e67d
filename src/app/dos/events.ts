import { bothSets, type Counts, countsOf, etl, readEvent, type SourceRows } from '../../migrations/dos/index.ts';
import type { TellNote } from '../notes.ts';
import { addCounts, noCounts } from './counts.ts';
import { rereading, type ServiceSync, syncServices } from './service-sync.ts';
import type { DosSource } from './source-rows.ts';

/** A message with its text, under the name its queue knows it by. */
export interface EventMessage {
  readonly id: string;
  readonly body: string;
}

export interface EventsHandled {
  /** messages to be handed back: not to be understood, or of a service that is not there */
  readonly failed: readonly string[];
  /** how many of these name a service that the source does not have */
  readonly missing: number;
  readonly counts: Counts;
}

export interface EventHandling {
  readonly source: Pick<DosSource, 'services'>;
  readonly sync: ServiceSync;
  readonly tell: TellNote;
}

/**
 * Does what a batch of messages asks for, each by itself. What becomes of a service never fails its message; throws
 * only when source or target cannot be used at all, and then the whole batch is to come again.
 */
export async function handleEvents(handling: EventHandling, messages: readonly EventMessage[]): Promise<EventsHandled> {
  const { source, sync, tell } = handling;
  tell(etl('000', { event: { type: 'messages', count: messages.length } }));
  const readings = messages.map(({ id, body }) => ({ id, reading: readEvent(parsed(body)) }));
  const wanted = readings.flatMap(({ reading }) => (reading.kind === 'sync' ? [reading.service] : []));
  const rows: SourceRows = wanted.length === 0 ? {} : (await source.services(wanted)).rows;
  const known = new Set((rows.services ?? []).map(({ id }) => id));
  const failed: string[] = [];
  let missing = 0;
  const counts = noCounts();
  for (const { id, reading } of readings) {
    if (reading.kind !== 'sync') tell(reading.note);
    const isMissing = reading.kind === 'sync' && !known.has(reading.service);
    if (isMissing) missing += 1;
    if (reading.kind === 'bad' || isMissing) failed.push(id);
    else if (reading.kind === 'sync')
      await syncServices(rereading(sync, source), rows, [reading.service], (done) => {
        addCounts(counts, countsOf(done));
        for (const note of done.notes) tell(note, done.service);
      });
  }
  // as the reference: a batch of which nothing could be done has no end of its own
  if (failed.length < messages.length)
    tell(etl('999', { metrics: bothSets(counts), failures: failed.map((itemIdentifier) => ({ itemIdentifier })) }));
  return { failed, missing, counts };
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}
