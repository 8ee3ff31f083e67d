/**
 * Keeps an average rate. Work is announced before it is done and settled afterwards, so a large transaction is
 * followed by the pause it has earned. When the database cannot keep up, at most `catchUpSeconds` are made good
 * later; the rest is given up, or a stall would be followed by a flood.
 */
export interface Pace {
  /** seconds until the next piece of work may start; not above zero: now */
  wait(): number;
  announce(size: number): void;
  settle(announced: number, done: number): void;
  /** seconds of work given up so far */
  readonly slipped: number;
  readonly spent: number;
}

export function pace(rate: number, nowSeconds: () => number, catchUpSeconds = 2): Pace {
  const started = nowSeconds();
  let spent = 0;
  let slipped = 0;
  return {
    wait: () => {
      const due = started + slipped + spent / rate;
      const late = nowSeconds() - due;
      if (late > catchUpSeconds) slipped += late - catchUpSeconds;
      return -late;
    },
    announce: (size) => {
      spent += size;
    },
    settle: (announced, done) => {
      spent += done - announced;
    },
    get slipped() {
      return slipped;
    },
    get spent() {
      return spent;
    },
  };
}
