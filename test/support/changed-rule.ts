import type { Document, Migration } from '../../src/core/index.ts';

export const CHANGED_TARGET = 'scheduling.appointment';

/** The rules of this release, but for the field `notes` of one target. */
export const changedRule = (migration: Migration): Migration => ({
  ...migration,
  flows: migration.flows.map((flow) =>
    flow.name !== 'appointments'
      ? flow
      : {
          ...flow,
          transform: (aggregate, context) => {
            const derivation = flow.transform(aggregate, context);
            const other = (document: Document): Document =>
              document.target === CHANGED_TARGET
                ? { ...document, content: { ...document.content, notes: `${document.content.notes ?? ''}!` } }
                : document;
            return { ...derivation, documents: derivation.documents.map(other) };
          },
        },
  ),
});
