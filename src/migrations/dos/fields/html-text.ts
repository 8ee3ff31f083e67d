import { NAMED_REFERENCES, WITHOUT_SEMICOLON } from './html-references.ts';

const REFERENCE = /&(#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[^\t\n\f <&#;]{1,32};?)/g;

const textOf = (points: string): string =>
  String.fromCodePoint(...points.split('-').map((hex) => Number.parseInt(hex, 16)));

const named = new Map(
  NAMED_REFERENCES.trim()
    .split(/\s+/)
    .map((entry) => {
      const [name = '', points = ''] = entry.split('=');
      return [name, textOf(points)] as const;
    }),
);
const withoutSemicolon = new Set(WITHOUT_SEMICOLON.trim().split(/\s+/));

/** What the code points 0x80 to 0x9F mean to a browser: windows-1252, where that has a character. */
const WINDOWS_1252 = [
  0x20ac, 0x81, 0x201a, 0x192, 0x201e, 0x2026, 0x2020, 0x2021, 0x2c6, 0x2030, 0x160, 0x2039, 0x152, 0x8d, 0x17d, 0x8f,
  0x90, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x2dc, 0x2122, 0x161, 0x203a, 0x153, 0x9d, 0x17e, 0x178,
] as const;

/** The text with its character references decoded as a browser would. What is no reference stays as it is. */
export const decodeReferences = (text: string): string =>
  text.includes('&') ? text.replace(REFERENCE, (_all, body: string) => decoded(body)) : text;

function decoded(body: string): string {
  if (body.startsWith('#')) return numeric(body.replace(';', ''));
  if (body.endsWith(';')) {
    const known = named.get(body.slice(0, -1));
    if (known !== undefined) return known;
  }
  for (let length = body.length; length > 1; length--) {
    const name = body.slice(0, length);
    if (withoutSemicolon.has(name)) return `${named.get(name)}${body.slice(length)}`;
  }
  return `&${body}`;
}

function numeric(body: string): string {
  const point = /^#x/i.test(body) ? Number.parseInt(body.slice(2), 16) : Number.parseInt(body.slice(1), 10);
  if (point === 0 || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return '\ufffd';
  if (point >= 0x80 && point <= 0x9f) return String.fromCodePoint(WINDOWS_1252[point - 0x80] ?? point);
  return point !== 0x0d && isNoCharacter(point) ? '' : String.fromCodePoint(point);
}

/** Controls without a meaning in text, and code points that never are characters: dropped. */
const isNoCharacter = (point: number): boolean =>
  (point < 0x20 && ![0x09, 0x0a, 0x0c].includes(point)) ||
  point === 0x7f ||
  (point >= 0xfdd0 && point <= 0xfdef) ||
  (point & 0xfffe) === 0xfffe;
