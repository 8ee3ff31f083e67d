import type { Migration } from './migration.ts';

/** A target that a flow appends to, and the table whose changes its entries tell of. */
export interface Entries {
  readonly flow: string;
  readonly target: string;
  readonly table: string;
}

export const entriesOf = ({ flows }: Pick<Migration, 'flows'>): readonly Entries[] =>
  flows.flatMap(({ name: flow, root, targets, history }) =>
    history && 'table' in root
      ? targets.filter(({ mode }) => mode === 'append').map(({ name: target }) => ({ flow, target, table: root.table }))
      : [],
  );
