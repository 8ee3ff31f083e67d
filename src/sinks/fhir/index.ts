import type { Clock, Delivery, DeliveryOutcome, Log, Sink } from '../../core/index.ts';
import { type Sending, sendBatch } from './batch.ts';
import { createFhirClient } from './client.ts';
import { typeOf } from './order.ts';
import { probeGuards, type ServerGuards } from './probe.ts';
import { revisionOf, withoutStamps } from './revision.ts';
import { readStored } from './stored.ts';
import { validateResource } from './validate/index.ts';

export { comparableResource } from './comparable.ts';
export { fhirIds } from './listing.ts';
export { redactResource } from './redact.ts';
export { VALIDATOR, validateResource } from './validate/index.ts';

export interface FhirSinkOptions {
  readonly baseUrl: string;
  /** who writes: a tag of every resource, by which `fhirIds` finds those of this pipeline */
  readonly pipeline: string;
  /** sent with every request, e.g. authorization; never logged */
  readonly headers?: Readonly<Record<string, string>>;
  readonly log: Log;
  readonly clock: Clock;
  /** without an answer for so long, a request counts as unanswered; 30 s unless told */
  readonly timeoutMs?: number;
  /** resources in one transaction; 20 unless told, where HAPI is fastest */
  readonly transactionSize?: number;
}

/**
 * A FHIR R4 server as a sink: direct ids, one guarded PUT for each resource, twenty to a transaction. Never deletes;
 * a resource that is no longer produced gets a last form that says so.
 */
export function createFhirSink(options: FhirSinkOptions): Sink {
  const { log, clock, pipeline, headers = {}, timeoutMs = 30_000, transactionSize = 20 } = options;
  const client = createFhirClient({ baseUrl: options.baseUrl, headers, timeoutMs });
  let probed: ServerGuards | null = null;
  const guards = async (): Promise<ServerGuards> => {
    probed ??= await probeGuards(client);
    return probed;
  };
  return {
    name: 'fhir',
    async probe() {
      probed = null;
      await guards();
    },
    async deliver(batch) {
      const context = { client, clock, log, pipeline, guards: await guards() };
      const outcomes = new Map<Delivery, DeliveryOutcome>();
      const sendings: Sending[] = [];
      for (const delivery of batch) {
        const refusal = unsendable(delivery);
        if (refusal) outcomes.set(delivery, refusal);
        else sendings.push({ delivery, content: delivery.content ?? {}, etag: delivery.etag ?? null });
      }
      for (let start = 0; start < sendings.length; start += transactionSize)
        await sendBatch(context, sendings.slice(start, start + transactionSize), (delivery, outcome) =>
          outcomes.set(delivery, outcome),
        );
      return batch.map(
        (delivery) => outcomes.get(delivery) ?? { kind: 'retry', code: 'INTERNAL', afterMs: 1_000, slowDown: false },
      );
    },
    async read(target, ids) {
      const found = await readStored(client, typeOf(target), ids);
      return ids.flatMap((id) => {
        const stored = found.get(id);
        if (!stored || stored === 'absent' || stored === 'deleted') return [];
        return [{ id, revision: revisionOf(stored.resource) ?? 0n, content: withoutStamps(stored.resource) }];
      });
    },
    async close() {},
  };
}

function unsendable({ content, target }: Delivery): DeliveryOutcome | null {
  if (content === null)
    return { kind: 'park', code: 'DOCUMENT_INVALID', detail: [{ path: typeOf(target), rule: 'has-content' }] };
  const faults = validateResource(content);
  if (faults.length === 0) return null;
  return { kind: 'park', code: 'DOCUMENT_INVALID', detail: faults.slice(0, 20).map((fault) => ({ ...fault })) };
}
