import type { Image, Json } from '../../core/index.ts';

/** What our connectors send in place of a large value that did not change (`unavailable.value.placeholder`). */
export const UNSENT = '__sluice_unsent__';

const AS_BASE64 = Buffer.from(UNSENT, 'utf8').toString('base64');
const AS_HEX = Buffer.from(UNSENT, 'utf8').toString('hex');

/** The placeholder as each column type carries it: text, bytes (base64 or hex), an array of one. */
function isUnsent(value: Json): boolean {
  if (typeof value === 'string') return value === UNSENT || value === AS_BASE64 || value === AS_HEX;
  return Array.isArray(value) && value.length === 1 && isUnsent(value[0] as Json);
}

/** Parts an image into what was sent and the names of what was not. */
export function takeUnsent(image: Image | null): { image: Image | null; unsent: readonly string[] } {
  if (image === null) return { image: null, unsent: [] };
  const unsent: string[] = [];
  for (const column in image) if (isUnsent(image[column] as Json)) unsent.push(column);
  if (unsent.length === 0) return { image, unsent };
  const sent = Object.entries(image).filter(([column]) => !unsent.includes(column));
  return { image: Object.fromEntries(sent), unsent };
}
