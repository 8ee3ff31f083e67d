import { expect, it } from 'vitest';
import { onceExit } from '../../src/cli/commands/once-exit.ts';
import { type ErrorCode, SluiceError } from '../../src/core/index.ts';
import type { FindingCount } from '../../src/sinks/postgres/index.ts';

const ended = (whole: boolean, code?: ErrorCode) => ({
  whole,
  failed: new Map(code ? [['a', new SluiceError(code, 'no answer')]] : []),
});
const count = (state: FindingCount['state'], kind: FindingCount['kind'] = 'value') =>
  [{ flow: 'a', kind, state, n: 1, documents: 1, oldestSeconds: 1, playbook: 0 }] as const;

it('says what is open, suspicions too, and neither what was accepted nor what no rule can map', () => {
  expect(onceExit([ended(true)], [])).toBe(0);
  for (const state of ['suspect', 'confirmed', 'repaired'] as const) {
    expect(onceExit([ended(true)], count(state))).toBe(3);
    expect(onceExit([ended(true)], count(state, 'unmappable'))).toBe(0);
  }
  expect(onceExit([ended(true)], count('accepted'))).toBe(0);
});

it('has failed when it was stopped, and with the code of what could not be compared', () => {
  expect(onceExit([ended(true), ended(false)], [])).toBe(1);
  expect(onceExit([ended(false)], count('confirmed'))).toBe(1);
  expect(() => onceExit([ended(true, 'TARGET_UNAVAILABLE')], count('confirmed'))).toThrow(
    expect.objectContaining({ code: 'TARGET_UNAVAILABLE', message: 'a: no answer' }),
  );
});
