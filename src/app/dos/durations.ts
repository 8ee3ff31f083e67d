/** each step is this much longer than the one before */
const STEP = 1.01;
const SHORTEST = 1e-6;

/** How long very many records took, in at most some thousand counts. */
export class Durations {
  readonly #counts = new Map<number, number>();
  #total = 0;

  add(seconds: number): void {
    const step = Math.max(0, Math.ceil(Math.log(seconds / SHORTEST) / Math.log(STEP)));
    this.#counts.set(step, (this.#counts.get(step) ?? 0) + 1);
    this.#total += 1;
  }

  /** Seconds that this share of the records did not exceed: a hundredth too much at most, never too little. Null of none. */
  percentile(share: number): number | null {
    let left = Math.ceil(share * this.#total);
    for (const [step, count] of [...this.#counts].sort(([x], [y]) => x - y)) {
      left -= count;
      if (left <= 0) return SHORTEST * STEP ** step;
    }
    return null;
  }
}
