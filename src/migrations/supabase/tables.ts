import type { Image, SourceTable } from '../../core/index.ts';
import { ACTION_PLANS, COPY } from './action-plans/copied.ts';
import { ACTION_PLAN } from './action-plans/row.ts';
import { APPOINTMENT_REQUEST } from './appointment-requests/row.ts';
import { APPOINTMENT } from './appointments/row.ts';
import { COMPLIANCE_TASK } from './compliance-tasks/row.ts';
import { LAB_ORDER_EVENT } from './lab-order-events/row.ts';
import { LAB_ORDER } from './lab-orders/row.ts';
import { heldLink } from './moves.ts';
import { nameKey } from './names.ts';
import { PARTNER_CHECKIN } from './partner-checkins/row.ts';
import { PARTNER_LABEL } from './partner-label-queue/row.ts';
import { PARTNER_PAYOUT } from './partner-payouts/row.ts';
import { limitsLink, PARTNER_STOCK_LEVEL } from './partner-stock-levels/row.ts';
import { PARTNER_TEMPERATURE_LOG } from './partner-temperature-logs/row.ts';
import { matchLabOrder, matchSubmission } from './patients/match.ts';
import { SUBMISSION } from './submissions/row.ts';
import { instantOf } from './time.ts';

const textLink =
  (column: string) =>
  (image: Image): string | null => {
    const value = image[column];
    return typeof value === 'string' ? value : null;
  };

/** The source tables, their join keys, and which of their pasts are kept. */
export const TABLES: readonly SourceTable[] = [
  {
    name: 'public.submissions',
    key: ['id'],
    reads: Object.keys(SUBMISSION.shape),
    links: { patient: matchSubmission },
    // a patient whose key changed is found again through these
    remember: ['patient'],
    keepChanges: true,
  },
  {
    name: 'public.appointments',
    key: ['id'],
    reads: Object.keys(APPOINTMENT.shape),
    links: { submission: textLink('submission_id'), location: (image) => nameKey(image['location']) },
    keepChanges: true,
  },
  {
    name: 'public.lab_orders',
    key: ['id'],
    reads: Object.keys(LAB_ORDER.shape),
    links: {
      submission: textLink('submission_id'),
      patient: matchLabOrder,
      vendor: (image) => nameKey(image['vendor']),
    },
    keepChanges: true,
  },
  {
    name: 'public.lab_order_events',
    key: ['id'],
    reads: Object.keys(LAB_ORDER_EVENT.shape),
    links: {},
    keepChanges: true,
  },
  {
    name: 'public.appointment_requests',
    key: ['id'],
    reads: Object.keys(APPOINTMENT_REQUEST.shape),
    links: { submission: textLink('submission_id'), appointment: heldLink('appointment_id') },
    remember: ['appointment'],
  },
  {
    name: ACTION_PLANS,
    key: ['id'],
    reads: Object.keys(ACTION_PLAN.shape),
    links: { submission: textLink('submission_id') },
    facts: [COPY],
    keepChanges: true,
  },
  {
    name: 'public.compliance_tasks',
    key: ['id'],
    reads: Object.keys(COMPLIANCE_TASK.shape),
    links: { submission: textLink('submission_id') },
    keepChanges: true,
  },
  {
    name: 'public.partner_checkins',
    key: ['id'],
    reads: Object.keys(PARTNER_CHECKIN.shape),
    links: { arrival: (image) => instantOf(image['arrived_at']) },
    // a visit is known by its arrival, and the next one overwrites it
    remember: ['arrival'],
    keepChanges: true,
  },
  { name: 'public.partner_label_queue', key: ['id'], reads: Object.keys(PARTNER_LABEL.shape), links: {} },
  {
    name: 'public.partner_stock_levels',
    key: ['id'],
    reads: Object.keys(PARTNER_STOCK_LEVEL.shape),
    links: { limits: limitsLink },
    keepChanges: true,
  },
  {
    name: 'public.partner_payouts',
    key: ['id'],
    reads: Object.keys(PARTNER_PAYOUT.shape),
    links: {},
    keepChanges: true,
  },
  {
    name: 'public.partner_temperature_logs',
    key: ['id'],
    reads: Object.keys(PARTNER_TEMPERATURE_LOG.shape),
    links: { stock: heldLink('stock_id'), location: (image) => nameKey(image['storage_location']) },
    remember: ['stock'],
    keepChanges: true,
  },
];
