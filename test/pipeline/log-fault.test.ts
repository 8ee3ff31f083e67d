import { describe, expect, it } from 'vitest';
import { logFault } from '../../src/pipeline/index.ts';

const codeAt = (next: bigint, bounds?: { low: bigint; high: bigint }) => logFault('t', 0, next, bounds)?.code ?? null;

describe('whether a log is still the one that was landed', () => {
  it('is, from its first record to its end', () => {
    for (const next of [5n, 7n, 9n]) expect(codeAt(next, { low: 5n, high: 9n })).toBeNull();
  });

  it('is not, where records before the next one are gone', () => {
    expect(codeAt(4n, { low: 5n, high: 9n })).toBe('PROGRESS_BELOW_LOG_START');
    expect(codeAt(4n, { low: 5n, high: 5n })).toBe('PROGRESS_BELOW_LOG_START');
  });

  it('is not, where it ends before what was landed, or the partition is gone', () => {
    expect(codeAt(10n, { low: 0n, high: 9n })).toBe('TOPIC_RECREATED');
    expect(codeAt(1n, { low: 0n, high: 0n })).toBe('TOPIC_RECREATED');
    expect(codeAt(1n)).toBe('TOPIC_RECREATED');
  });

  it('nothing landed of a partition that is not there is nothing lost', () => {
    expect(codeAt(0n)).toBeNull();
  });
});
