import type { CellScope } from '../engine/shape.ts';

/**
 * A named rule: a pure function of the values of its sources, in their order. A source that stands for several rows
 * (a join that takes all) has its values in `lists` at the same index, and '' in `values`.
 */
export type Derivation = (values: readonly string[], lists: readonly (readonly string[])[], scope: CellScope) => string;
