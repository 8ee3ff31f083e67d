import type { Clock } from '../core/index.ts';

/** Wakes a loop that sleeps: `ring` is remembered until the next `wait`. */
export class Bell {
  #rung = false;
  #wake: (() => void) | null = null;

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /** Until rung, or `ms` have passed. */
  async wait(ms: number): Promise<void> {
    if (!this.#rung) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#rung = false;
    this.#wake = null;
  }
}

/** Waits that grow from `firstMs` to `lastMs`, each shortened by chance so that workers do not march in step. */
export class Backoff {
  #attempt = 0;
  readonly #clock: Clock;
  readonly #firstMs: number;
  readonly #lastMs: number;

  constructor(clock: Clock, firstMs: number, lastMs: number) {
    this.#clock = clock;
    this.#firstMs = firstMs;
    this.#lastMs = lastMs;
  }

  get attempt(): number {
    return this.#attempt;
  }

  reset(): void {
    this.#attempt = 0;
  }

  async pause(signal?: AbortSignal): Promise<void> {
    const ms = Math.min(this.#lastMs, this.#firstMs * 2 ** this.#attempt);
    this.#attempt += 1;
    await this.#clock.sleep(ms * (0.5 + Math.random() / 2), signal);
  }
}
