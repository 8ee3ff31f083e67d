import type { CopyColumn, CopyType } from './copy-column.ts';
import type { Document } from './document.ts';
import type { Json, JsonObject } from './json.ts';
import { type Flow, type Migration, movesOf, type SourceTable } from './migration.ts';

export interface CopyOptions {
  readonly name: string;
  /** `schema.table` at the source */
  readonly table: string;
  /** key columns at the source */
  readonly key: readonly string[];
  /** `schema.table` at the target, whose primary key is what `key` is copied to */
  readonly target: string;
  /** source column to `[target column, type]`, or to the type where the name stays */
  readonly columns: Readonly<Record<string, CopyType | readonly [to: string, type: CopyType]>>;
}

/**
 * A flow that keeps one table as another, column by column; a deleted row is deleted. As it has no rule, landing can
 * write the target straight from what was decoded (see `copyOf`); the transformer says the same for everybody else.
 * Throws RangeError when a key column is not copied.
 */
export function copyFlow(options: CopyOptions): Flow {
  const columns = Object.entries(options.columns).map(([from, given]): CopyColumn => {
    const [to, type] = typeof given === 'string' ? [from, given] : given;
    return { from, to, type };
  });
  const key = options.key.map((name) => {
    const column = columns.find(({ from }) => from === name);
    if (!column) throw new RangeError(`${options.name}: the key column ${name} is not copied`);
    return column.to;
  });
  return {
    name: options.name,
    root: { table: options.table },
    parts: [],
    targets: [{ kind: 'postgres', name: options.target, key, mode: 'state' }],
    copy: columns,
    transform: ({ key: id, root }) => {
      if (!root || root.deleted) return { documents: [], issues: [] };
      const content: JsonObject = Object.fromEntries(
        columns.map(({ from, to, type }) => [to, asJson(root.image[from] ?? null, type)]),
      );
      const document: Document = { target: options.target, id, content };
      return { documents: [document], issues: [] };
    },
  };
}

const DAY_MS = 86_400_000;

/** A value as PostgreSQL reads it from JSON. */
function asJson(value: Json, type: CopyType): Json {
  if (type === 'date' && typeof value === 'number') return new Date(value * DAY_MS).toISOString().slice(0, 10);
  if (type === 'jsonb' && typeof value === 'string') return JSON.parse(value) as Json;
  return value;
}

/**
 * The flow that may be written while its table lands, with nothing kept of the table but positions: the only reader
 * of a table of which neither links nor history are wanted. Otherwise null, and the table is landed whole.
 */
export function copyOf(migration: Migration, tableName: string): CopyFlow | null {
  const table = migration.tables.find(({ name }) => name === tableName);
  if (!table || Object.keys(table.links).length > 0 || table.remember?.length || table.keepChanges) return null;
  const readers = migration.flows.filter((flow) => reads(flow, table));
  const [only] = readers;
  return readers.length === 1 && only && isCopy(only) ? only : null;
}

export type CopyFlow = Flow & { readonly root: { readonly table: string }; readonly copy: readonly CopyColumn[] };

const isCopy = (flow: Flow): flow is CopyFlow => flow.copy !== undefined && 'table' in flow.root;

function reads(flow: Flow, table: SourceTable): boolean {
  const tables = flow.parts.map((part) => part.table);
  if ('table' in flow.root) tables.push(flow.root.table);
  return tables.some(
    (name) => name === table.name || Object.keys(table.links).some((link) => name === movesOf(table.name, link)),
  );
}
