/** Microseconds since 1970 as ISO UTC with all six decimals, which no Date holds. */
export function isoOfMicros(micros: bigint): string {
  const text = new Date(Number(micros / 1_000_000n) * 1000).toISOString().slice(0, 19);
  return `${text}.${String(micros % 1_000_000n).padStart(6, '0')}Z`;
}
