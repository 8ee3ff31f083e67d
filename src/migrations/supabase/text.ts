/** Text of people: what may go out, and what two spellings have in common. */

// Below U+0020 only tab, line feed and carriage return are legal in FHIR strings and in XML; U+FFFE and U+FFFF never are.
const ILLEGAL = /(?![\t\n\r\u007f-\u009f])\p{Cc}|\p{Cs}|[\ufffe\uffff]/gu;

// U+0085 is a line end of old terminals: FHIR holds it for a blank, and JavaScript does not.
const legible = (text: string | null | undefined): string =>
  (text ?? '').replace(ILLEGAL, '').replaceAll('\u0085', '\n');

/** The text as it may leave: composed (NFC), trimmed, without illegal characters; null when nothing is left to say. */
export function said(text: string | null | undefined): string | null {
  const clean = legible(text).normalize('NFC').trim();
  return clean === '' ? null : clean;
}

/** Does `said` take out more than blanks at the ends? */
export const holdsIllegal = (text: string | null): boolean => text !== null && text.search(ILLEGAL) >= 0;

/** One spelling for matching: compatibility form, small letters, single blanks. Never shown to anybody. */
export const alike = (text: string | null | undefined): string =>
  legible(text).normalize('NFKC').toLowerCase().replace(/\s+/g, ' ').trim();

/** A FHIR `code`: no blanks at the ends, single blanks inside. */
export const codeOf = (text: string | null): string | null => said(text)?.replace(/\s+/g, ' ') ?? null;

export const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

export const looksLikeEmail = (text: string): boolean => /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text);

/** A phone number in E.164, British when it has no country; null when it cannot be one. */
export function e164Of(text: string | null): string | null {
  const dialled = (text ?? '')
    .replace(/\(0\)/g, '')
    .replace(/[\s().\-/]/g, '')
    .replace(/^00/, '+');
  const full = /^0[1-9]\d{8,9}$/.test(dialled) ? `+44${dialled.slice(1)}` : dialled;
  return /^\+[1-9]\d{7,14}$/.test(full) ? full : null;
}
