const Z = 1.6448536269514722;

/**
 * One-sided 95% upper bound of a share of which `bad` of `sample` were seen (Wilson; with none bad it is about 2.7 by the
 * sample). 1 when nothing was looked at: then nothing is known.
 */
export function upper95(bad: number, sample: number): number {
  if (sample <= 0) return 1;
  const share = bad / sample;
  const square = (Z * Z) / sample;
  const middle = share + square / 2;
  const spread = Z * Math.sqrt((share * (1 - share)) / sample + square / (4 * sample));
  return Math.min(1, (middle + spread) / (1 + square));
}
