import type { Image, SourceTable } from '../../core/index.ts';
import { heldLink } from './moves.ts';
import { nameKey } from './names.ts';
import { limitsLink } from './partner-stock-levels/row.ts';
import { matchLabOrder, matchSubmission } from './patients/match.ts';
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
    links: { patient: matchSubmission },
    // a patient whose key changed is found again through these
    remember: ['patient'],
    keepChanges: true,
  },
  {
    name: 'public.appointments',
    key: ['id'],
    links: { submission: textLink('submission_id'), location: (image) => nameKey(image['location']) },
    keepChanges: true,
  },
  {
    name: 'public.lab_orders',
    key: ['id'],
    links: {
      submission: textLink('submission_id'),
      patient: matchLabOrder,
      vendor: (image) => nameKey(image['vendor']),
    },
    keepChanges: true,
  },
  { name: 'public.lab_order_events', key: ['id'], links: {}, keepChanges: true },
  {
    name: 'public.appointment_requests',
    key: ['id'],
    links: { submission: textLink('submission_id'), appointment: heldLink('appointment_id') },
    remember: ['appointment'],
  },
  { name: 'public.action_plans', key: ['id'], links: { submission: textLink('submission_id') }, keepChanges: true },
  { name: 'public.compliance_tasks', key: ['id'], links: { submission: textLink('submission_id') }, keepChanges: true },
  {
    name: 'public.partner_checkins',
    key: ['id'],
    links: { arrival: (image) => instantOf(image['arrived_at']) },
    // a visit is known by its arrival, and the next one overwrites it
    remember: ['arrival'],
    keepChanges: true,
  },
  { name: 'public.partner_label_queue', key: ['id'], links: {} },
  { name: 'public.partner_stock_levels', key: ['id'], links: { limits: limitsLink }, keepChanges: true },
  { name: 'public.partner_payouts', key: ['id'], links: {}, keepChanges: true },
  {
    name: 'public.partner_temperature_logs',
    key: ['id'],
    links: { stock: heldLink('stock_id'), location: (image) => nameKey(image['storage_location']) },
    remember: ['stock'],
    keepChanges: true,
  },
];
