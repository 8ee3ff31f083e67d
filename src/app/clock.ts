import { type Clock, isoOfMicros } from '../core/index.ts';

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) {
        resolve();
        return;
      }
      const done = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal?.addEventListener('abort', done);
    }),
};

/** Now, to the microsecond: what happens one after the other in a millisecond has times of its own. */
export const isoNow = (): string => isoOfMicros(Math.round((performance.timeOrigin + performance.now()) * 1000));
