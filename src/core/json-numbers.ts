const QUOTE_OR_NUMBER = /"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/**
 * JSON text with each number as `replace` would have it written. Strings are stepped over by hand: a pattern that
 * matches them whole runs out of stack on a string of some megabytes.
 */
export function replaceNumbers(json: string, replace: (number: string) => string): string {
  const parts: string[] = [];
  let from = 0;
  QUOTE_OR_NUMBER.lastIndex = 0;
  for (let found = QUOTE_OR_NUMBER.exec(json); found !== null; found = QUOTE_OR_NUMBER.exec(json)) {
    const [token] = found;
    if (token === '"') {
      QUOTE_OR_NUMBER.lastIndex = endOfString(json, found.index);
      continue;
    }
    const wanted = replace(token);
    if (wanted === token) continue;
    parts.push(json.slice(from, found.index), wanted);
    from = found.index + token.length;
  }
  return from === 0 ? json : parts.join('') + json.slice(from);
}

/** The place after the quote that ends the string begun at `start`; the text's end where none does. */
function endOfString(json: string, start: number): number {
  for (let end = json.indexOf('"', start + 1); end !== -1; end = json.indexOf('"', end + 1)) {
    let before = end - 1;
    while (json[before] === '\\') before -= 1;
    if ((end - before) % 2 === 1) return end + 1;
  }
  return json.length;
}
