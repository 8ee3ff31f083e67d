import { z } from 'zod';
import { requiredInstant, requiredUuid, text, uuid } from '../columns.ts';
import { known } from '../submissions/tables.ts';
import { said } from '../text.ts';

export const ACTION_PLAN = z.object({
  id: requiredUuid,
  submission_id: requiredUuid,
  category: text,
  storage_path: text,
  uploaded_by: uuid,
  uploaded_email: text,
  created_at: requiredInstant,
});

export type ActionPlanRow = z.output<typeof ACTION_PLAN>;

const CATEGORIES = ['general', 'anaphylaxis', 'school', 'travel', 'other'];

/** The category out of the list, null when what is written is in no list. */
export function categoryOf(row: ActionPlanRow): string | null {
  const category = known(row.category, CATEGORIES, '_');
  return category === 'unknown' ? null : category;
}

/** As people read it: out of the list, else as it was written. */
export const spokenCategory = (row: ActionPlanRow): string | null => categoryOf(row) ?? said(row.category);

/** What the file is, by the end of its name: nothing else is known of it before it is copied. */
const CONTENT_TYPES: Readonly<Record<string, string>> = {
  pdf: 'application/pdf',
  doc: 'application/msword',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  odt: 'application/vnd.oasis.opendocument.text',
  rtf: 'application/rtf',
  txt: 'text/plain',
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  heic: 'image/heic',
  tif: 'image/tiff',
  tiff: 'image/tiff',
};

export function contentTypeOf(row: ActionPlanRow): string | null {
  const ending = /\.([A-Za-z0-9]+)$/.exec(said(row.storage_path) ?? '')?.[1]?.toLowerCase() ?? '';
  return Object.hasOwn(CONTENT_TYPES, ending) ? (CONTENT_TYPES[ending] ?? null) : null;
}
