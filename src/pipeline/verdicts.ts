import { type Derivation, type DocumentRef, type Json, type RootVerdict, SluiceError } from '../core/index.ts';

/** Of a root whose rule did not fail. */
export function verdict(
  root: string,
  derivation: Derivation,
  state: 'derived' | 'waiting',
  needs: readonly DocumentRef[] = [],
): RootVerdict {
  const wakeAt = derivation.wakeAt ?? null;
  const { issues, notes = [] } = derivation;
  return { root, issues, wakeAt, state, needs, code: null, detail: null, notes };
}

/** Why a root is parked, in words without a value of the row: only our own errors may speak. */
export function parkedVerdict(root: string, error: unknown): RootVerdict {
  const known = error instanceof SluiceError && error.disposition === 'park' ? error : null;
  const detail: Json = known
    ? { message: known.message, ...known.context }
    : { message: `the transformer threw ${error instanceof Error ? error.name : typeof error}` };
  return {
    root,
    issues: [],
    wakeAt: null,
    state: 'parked',
    needs: [],
    code: known?.code ?? 'TRANSFORM_FAILED',
    detail,
    notes: known?.notes ?? [],
  };
}
