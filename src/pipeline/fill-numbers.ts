import type { Derivation, DerivingTransaction, Document, NumberRef } from '../core/index.ts';

/** Puts the numbers of business keys where documents want them. */
export async function fillNumbers(
  tx: DerivingTransaction,
  results: readonly { derivation: Derivation }[],
): Promise<void> {
  const wanted = new Map<string, NumberRef>();
  for (const { derivation } of results)
    for (const { numbers } of derivation.documents)
      for (const ref of Object.values(numbers ?? {})) wanted.set(numberName(ref), ref);
  if (wanted.size === 0) return;
  const given = await tx.numbersOf([...wanted.values()]);
  const known = new Map([...wanted.keys()].map((name, i) => [name, given[i] as number]));
  for (const result of results) {
    const documents = result.derivation.documents.map((document) => numbered(document, known));
    result.derivation = { ...result.derivation, documents };
  }
}

export const numberName = ({ series, key }: NumberRef): string => `${series}\u001f${key}`;

/** @param known by `numberName`, all that the document wants */
export function numbered(document: Document, known: ReadonlyMap<string, number>): Document {
  if (!document.numbers) return document;
  const filled = Object.entries(document.numbers).map(([name, ref]) => [name, known.get(numberName(ref)) as number]);
  return { ...document, content: { ...document.content, ...Object.fromEntries(filled) } };
}
