let lastSecond = Number.NaN;
let lastText = '';

/** Microseconds since 1970, a safe integer, as ISO UTC with all six decimals, which no Date holds. */
export function isoOfMicros(micros: number): string {
  const second = Math.floor(micros / 1_000_000);
  // changes come by the thousand within a second
  if (second !== lastSecond) {
    lastText = new Date(second * 1000).toISOString().slice(0, 19);
    lastSecond = second;
  }
  return `${lastText}.${String(micros - second * 1_000_000).padStart(6, '0')}Z`;
}
