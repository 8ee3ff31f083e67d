import type { Clock, Log, Meter } from '../core/index.ts';
import { type PipelineContext, type RemoteSinks, Sender } from '../pipeline/index.ts';
import type { OpenPipeline } from './pipeline.ts';
import { WORKER_SETTINGS } from './worker-settings.ts';

export interface Sending {
  /** whether every store was reached and honours the guards */
  ready(): boolean;
  /** What is under way is finished, and the lanes are given back. */
  stop(): Promise<void>;
}

/** Sends the intents of a pipeline, and does nothing else: any number of processes may, lanes part the work. */
export function startSending(
  { migration, ledger }: OpenPipeline,
  sinks: RemoteSinks,
  process: { readonly log: Log; readonly meter: Meter; readonly clock: Clock; readonly worker: string },
): Sending {
  const context: PipelineContext = { migration, ledger, ...process };
  const { sendersPerStore: parallel, batchDocuments, leaseSeconds, waitingLimit } = WORKER_SETTINGS;
  const settings = { parallel, batchDocuments, leaseSeconds, waitingLimit };
  const senders = [...sinks.values()].map((sink) => new Sender(sink, context, settings));
  const running = senders.map((sender) => sender.run());
  return {
    ready: () => senders.every((sender) => sender.ready),
    async stop() {
      for (const sender of senders) sender.stop();
      await Promise.all(running);
    },
  };
}
