import type { ErrorCode } from '../core/index.ts';

/**
 * Tells a few bad rows from a broken rule: opens when one code makes up most of the last results, over many keys.
 * While it is open nothing more is parked, so that a wrong release does not set a whole table aside.
 */
export class Breaker {
  readonly #window: (ErrorCode | null)[] = [];
  readonly #size: number;
  readonly #least: number;
  readonly #share: number;

  constructor(options: { size?: number; least?: number; share?: number } = {}) {
    this.#size = options.size ?? 200;
    this.#least = options.least ?? 50;
    this.#share = options.share ?? 0.5;
  }

  /** Takes one result (null: good); answers the code that opens the breaker, if one does. */
  take(result: ErrorCode | null): ErrorCode | null {
    this.#window.push(result);
    if (this.#window.length > this.#size) this.#window.shift();
    if (result === null) return null;
    const same = this.#window.filter((code) => code === result).length;
    return same >= this.#least && same >= this.#window.length * this.#share ? result : null;
  }

  clear(): void {
    this.#window.length = 0;
  }
}
