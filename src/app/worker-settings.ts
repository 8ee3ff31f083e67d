import type { WorkerOptions } from '../pipeline/index.ts';
import { HEARTBEAT_TABLE } from './readings.ts';

/** What every worker is run with, `npm run bench:sink`'s included: what is measured is what runs. */
export const WORKER_SETTINGS: Omit<WorkerOptions, 'flows'> = {
  maxRows: 2_000,
  highBytes: 32 * 1024 * 1024,
  batchRoots: 100,
  deriversPerFlow: 2,
  sendersPerStore: 4,
  batchDocuments: 40,
  leaseSeconds: 10,
  waitingLimit: 30,
  heartbeatTables: [HEARTBEAT_TABLE],
};
