import { type Clock, type Log, SluiceError } from '../core/index.ts';

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

/** Does what cannot be done without, again and again while its failure is one that passes; at most a minute. */
export async function patiently<T>(
  work: () => Promise<T>,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  signal?: AbortSignal,
): Promise<T> {
  const backoff = new Backoff(clock, 100, 2_000);
  const until = clock.now() + 60_000;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const passes = error instanceof SluiceError && error.disposition === 'retry';
      if (!passes || signal?.aborted === true || clock.now() > until) throw error;
      log.warn(`not begun yet: ${error.message}`, { code: error.code, attempt: backoff.attempt });
      await backoff.pause(signal);
    }
  }
}

/**
 * Waits for two things that go out one behind the other on one connection. The first one's failure is the one that is
 * told: what comes behind it only learns that the transaction is broken.
 */
export async function oneBehindTheOther<First, Second>(
  first: Promise<First>,
  second: Promise<Second>,
): Promise<readonly [First, Second]> {
  const [one, other] = await Promise.allSettled([first, second]);
  if (one.status === 'rejected') throw one.reason;
  if (other.status === 'rejected') throw other.reason;
  return [one.value, other.value];
}
