import { SluiceError } from '../../../core/index.ts';

export interface QueueRequest {
  /** null: of every type; none: nothing */
  readonly typeIds: readonly number[] | null;
  readonly statusIds: readonly number[] | null;
  readonly fullSync: boolean;
  readonly recordId: number | null;
  readonly serviceId: number | null;
  readonly tableName: string;
}

export interface QueueEntry {
  readonly id: string;
  readonly body: {
    readonly type: 'dms_event';
    readonly record_id: number;
    readonly service_id: number;
    readonly table_name: string;
    readonly method: 'insert';
  };
}

export interface QueuedService {
  readonly id: number;
  readonly typeid: number | null;
  readonly statusid: number | null;
}

/** most a queue takes at once */
const BATCH = 10;

const entryOf = (id: number, tableName: string): QueueEntry => ({
  id: String(id),
  body: { type: 'dms_event', record_id: id, service_id: id, table_name: tableName, method: 'insert' },
});

/** Whether a request is for one record only: then the services need not be read. */
export const isSingle = ({ fullSync, recordId }: QueueRequest): boolean => !fullSync || recordId !== null;

/** The messages of a request in batches, services in the order in which they were read. */
export function queueBatches(
  request: QueueRequest,
  services: Iterable<QueuedService>,
): readonly (readonly QueueEntry[])[] {
  if (isSingle(request)) {
    const id = request.recordId ?? request.serviceId;
    if (id === null) throw new SluiceError('CONFIG_INVALID', 'name a record or a service, or ask for a full sync');
    return [[entryOf(id, request.tableName)]];
  }
  const matches = (wanted: readonly number[] | null, value: number | null): boolean =>
    wanted === null || (value !== null && wanted.includes(value));
  const batches: QueueEntry[][] = [];
  for (const { id, typeid, statusid } of services) {
    if (!matches(request.typeIds, typeid) || !matches(request.statusIds, statusid)) continue;
    const last = batches.at(-1);
    if (last && last.length < BATCH) last.push(entryOf(id, 'services'));
    else batches.push([entryOf(id, 'services')]);
  }
  return batches;
}
