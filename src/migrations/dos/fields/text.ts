/**
 * Blanks as the reference sees them: those of Unicode and the four separators of ASCII, not the byte order mark.
 * JavaScript's own `trim` and `\s` differ in both.
 */
export const BLANK = '[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';

const ENDS = new RegExp(`^${BLANK}+|${BLANK}+$`, 'g');
const RUN = new RegExp(`${BLANK}+`, 'g');

export const trimmed = (text: string): string => text.replace(ENDS, '');
export const singleBlanks = (text: string): string => text.replace(RUN, ' ');

/** One spelling for comparing two texts. Never stored. */
export const alike = (text: string | null): string => singleBlanks(trimmed(text ?? '')).toLowerCase();

/** Length in characters, not in code units. */
export const lengthOf = (text: string): number => [...text].length;
