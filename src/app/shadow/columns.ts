import type { Document, Migration } from '../../core/index.ts';

/** Which columns the documents of each target have as content, as far as any was made. */
export interface Columns {
  add(document: Document): void;
  known(): Readonly<Record<string, readonly string[]>>;
}

export function columnsOf(): Columns {
  const seen = new Map<string, Set<string>>();
  return {
    add({ target, content }) {
      let columns = seen.get(target);
      if (!columns) {
        columns = new Set();
        seen.set(target, columns);
      }
      for (const name in content) columns.add(name);
    },
    known: () => Object.fromEntries([...seen].map(([target, columns]) => [target, [...columns].sort()])),
  };
}

/** The same rules; what they make is looked at. */
export function watched(migration: Migration, seen: Columns): Migration {
  const flows = migration.flows.map((flow) => {
    if (flow.copy) return flow;
    const { history } = flow;
    return {
      ...flow,
      transform: (...[aggregate, context]: Parameters<typeof flow.transform>) => {
        const derivation = flow.transform(aggregate, context);
        for (const document of derivation.documents) seen.add(document);
        return derivation;
      },
      ...(history
        ? {
            history: (change: Parameters<typeof history>[0]) => {
              const documents = history(change);
              for (const document of documents) seen.add(document);
              return documents;
            },
          }
        : {}),
    };
  });
  return { ...migration, flows };
}
