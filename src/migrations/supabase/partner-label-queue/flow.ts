import type { Aggregate, Derivation, Flow, JsonObject } from '../../../core/index.ts';
import { Findings } from '../issues.ts';
import type { Names } from '../names.ts';
import { deriveRow, ownRow } from '../root-row.ts';
import { known } from '../submissions/tables.ts';
import { PARTNER_LABEL } from './row.ts';

/** Order of printing. */
const PRIORITIES = ['high', 'normal'];
const LAST = PRIORITIES.length;

/** A queue to print from: whether a label was printed here is in columns that are not written here. */
export const partnerLabelQueueFlow = (names: Names): Flow => ({
  name: 'partner_label_queue',
  root: { table: 'public.partner_label_queue' },
  parts: [],
  targets: [{ kind: 'postgres', name: 'partnerops.label_queue', key: ['id'], mode: 'state' }],
  transform: (aggregate) => transformLabel(names, aggregate),
});

const transformLabel = (names: Names, aggregate: Aggregate): Derivation =>
  deriveRow(PARTNER_LABEL, 'partner_label_queue', aggregate, (row, landed) => {
    const priority = PRIORITIES.indexOf(known(row.priority, PRIORITIES, '_'));
    const columns: JsonObject = {
      label_code: row.label_code ?? '',
      patient_name: row.patient_name ?? '',
      request_type: row.request_type ?? '',
      priority: priority < 0 ? LAST : priority,
      priority_raw: row.priority,
      source_printed_at: row.printed_at,
      created_at: row.created_at,
    };
    const found = new Findings();
    found.add(priority < 0, 'info', 'PRIORITY_UNKNOWN', 'priority', 'not a known priority; queued behind the others');
    const id = names.uuid(`label|${row.id}`);
    return {
      documents: [ownRow(names, { target: 'partnerops.label_queue', id, row, landed, columns })],
      issues: found.all,
    };
  });
