/** Stops the work at the first Ctrl-C, kindly; a second one ends the process at once. */
export function stopSignal(): { readonly signal: AbortSignal; release(): void } {
  const stop = new AbortController();
  const abort = (): void => stop.abort();
  // 'disconnect': whoever started this process as its child is gone
  const reasons = ['SIGINT', 'SIGTERM', 'disconnect'] as const;
  for (const reason of reasons) process.once(reason, abort);
  return {
    signal: stop.signal,
    release: () => {
      for (const reason of reasons) process.removeListener(reason, abort);
    },
  };
}
