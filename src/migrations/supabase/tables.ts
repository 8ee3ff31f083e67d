import type { Image, SourceTable } from '../../core/index.ts';
import { nameKey } from './names.ts';
import { matchLabOrder, matchSubmission } from './patients/match.ts';

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
];
