import { describe, expect, test } from 'vitest';
import { type CaptureLook, captureFault, type KnownCapture } from '../../src/app/capture-proof.ts';

const calm: CaptureLook = {
  epoch: 1,
  server: 'system 1',
  place: 'a:5432/legacy',
  active: true,
  state: 'RUNNING',
  invalidated: false,
  confirmed: 100n,
  stored: 100n,
};
const known: KnownCapture = { ...calm, active: true };
const stopped: KnownCapture = { ...known, active: false, state: 'STOPPED' };
const kindOf = (before: KnownCapture | null, now: Partial<CaptureLook>) =>
  captureFault(before, { ...calm, ...now })?.kind ?? null;

describe('what speaks against capture', () => {
  test('nothing: in idle, at work, behind, before the first look', () => {
    expect(kindOf(known, {})).toBeNull();
    expect(kindOf(known, { confirmed: 180n, stored: 200n })).toBeNull();
    expect(kindOf(null, { confirmed: 900n, stored: 900n })).toBeNull();
  });

  test('a slot past what its reader has stored, believed when seen twice', () => {
    expect(captureFault(known, { ...calm, confirmed: 300n })).toMatchObject({
      kind: 'slot_advanced',
      from: 100n,
      to: 300n,
      doubtful: true,
    });
  });

  test('what is stopped stays where it is', () => {
    const now = { active: false, state: 'STOPPED' };
    expect(kindOf(stopped, now)).toBeNull();
    expect(kindOf(stopped, { ...now, confirmed: 120n, stored: 120n })).toBe('offsets_moved');
    expect(kindOf(stopped, { ...now, confirmed: 90n })).toBe('slot_advanced');
    expect(kindOf(stopped, { ...now, stored: 40n, confirmed: 20n })).toBe('offsets_moved');
    expect(kindOf(known, { ...now, stored: null })).toBe('offsets_moved');
  });

  test('a connector that ended between two looks has stored its last place', () => {
    expect(kindOf(known, { active: false, state: 'STOPPED', confirmed: 150n, stored: 150n })).toBeNull();
    expect(kindOf(stopped, { confirmed: 150n, stored: 150n })).toBeNull();
  });

  test('another server, timeline or database, and a connector pointed elsewhere', () => {
    expect(kindOf(known, { server: 'system 2' })).toBe('source_moved');
    expect(kindOf(known, { place: 'b:5432/legacy' })).toBe('source_moved');
  });

  test('an invalidated slot', () => {
    expect(kindOf(known, { invalidated: true })).toBe('slot_invalidated');
  });

  test('a new epoch is a new beginning', () => {
    expect(kindOf(known, { epoch: 2, server: 'system 2', invalidated: true })).toBeNull();
  });
});
