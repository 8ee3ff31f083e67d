import { SluiceError } from '../../core/index.ts';

/** A registry's answer as JSON, null for 404. Throws REGISTRY_UNAVAILABLE. */
export type AskRegistry = (path: string) => Promise<unknown>;

interface RecordSchema {
  readonly fields?: readonly { readonly name: string; readonly type: unknown }[];
}

/** Columns of the row in a change event's schema, null for any other schema. */
function columnsIn(schema: string): ReadonlySet<string> | null {
  const envelope = JSON.parse(schema) as RecordSchema;
  for (const { name, type } of envelope.fields ?? []) {
    if (name !== 'before' && name !== 'after') continue;
    const branches = (Array.isArray(type) ? type : [type]) as readonly RecordSchema[];
    // the first of the two says what a row is, the other one refers to it
    const row = branches.find(({ fields }) => fields !== undefined);
    if (row) return new Set(row.fields?.map((field) => field.name));
  }
  return null;
}

/**
 * Refuses the schema of a topic that has lost columns which the rules read: taken for null, they would empty the target
 * without a word, and a renamed one would be lost there. A column that no earlier schema of the topic had is merely not
 * there yet. Throws COLUMN_LOST with the columns' names, REGISTRY_UNAVAILABLE.
 *
 * @param subject what the registry calls the topic's schemas
 */
export async function refuseLostColumns(
  ask: AskRegistry,
  { id, schema, subject, columns }: { id: number; schema: string; subject: string; columns: readonly string[] },
): Promise<void> {
  const now = columnsIn(schema);
  const missing = now === null ? [] : columns.filter((column) => !now.has(column));
  if (missing.length === 0) return;
  const versions = ((await ask(`/schemas/ids/${id}/versions`)) ?? []) as { subject: string; version: number }[];
  const own = versions.find((version) => version.subject === subject)?.version ?? 0;
  const lost = new Set<string>();
  for (let version = own - 1; version > 0 && lost.size < missing.length; version -= 1) {
    const earlier = (await ask(`/subjects/${encodeURIComponent(subject)}/versions/${version}`)) as {
      schema: string;
    } | null;
    const had = earlier && columnsIn(earlier.schema);
    for (const column of missing) if (had?.has(column)) lost.add(column);
  }
  if (lost.size === 0) return;
  const names = missing.filter((column) => lost.has(column)).join(', ');
  throw new SluiceError('COLUMN_LOST', `${subject}: a newer schema lacks columns that rules read: ${names}`, {
    context: { schema: id },
  });
}
