/**
 * JSON.parse that loses no digit: an integer beyond 2^53 and a number with more digits than a double holds come out as
 * their text. Only such texts pay for the detour; all others go to JSON.parse as they are.
 */
export function parseExact(text: string): unknown {
  return JSON.parse(mayLoseDigits(text) ? quoteLongNumbers(text) : text);
}

/** Sixteen digits in a row, outside or inside a string: worth a closer look. */
const mayLoseDigits = (text: string): boolean => /\d{16}/.test(text);

function quoteLongNumbers(text: string): string {
  // strings are matched first, so digits inside them are passed over
  return text.replace(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g, (token) => {
    if (token[0] === '"' || token.length < 16) return token;
    return isExact(token) ? token : `"${token}"`;
  });
}

function isExact(token: string): boolean {
  if (/^-?\d+$/.test(token)) return Number.isSafeInteger(Number(token));
  return String(Number(token)) === token;
}
