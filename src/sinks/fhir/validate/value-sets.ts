import type { CodeSystemConcept, ValueSetComposeInclude } from '@medplum/fhirtypes';
import type { Definitions } from './definitions.ts';

/** Codes of a value set, each alone and as `system|code`. */
type Expansion = ReadonlySet<string>;

/** Answers whether a value set has a code; null when the set cannot be told offline (SNOMED CT, filters). */
export function createValueSets(definitions: Definitions): (url: string) => Expansion | null {
  const known = new Map<string, Expansion | null>();
  const expand = (url: string, above: readonly string[]): Expansion | null => {
    if (above.includes(url)) return null;
    const found = known.get(url);
    if (found !== undefined) return found;
    const expanded = expandIncludes(url, [...above, url]);
    known.set(url, expanded);
    return expanded;
  };
  const expandIncludes = (url: string, above: readonly string[]): Expansion | null => {
    const compose = definitions.valueSets.get(url)?.compose;
    if (!compose) return null;
    const codes = new Set<string>();
    for (const include of compose.include) {
      const own = ownCodes(definitions, include);
      if (own === null) return null;
      for (const code of own) codes.add(code);
      for (const other of include.valueSet ?? []) {
        const expanded = expand(other.split('|')[0] ?? other, above);
        if (expanded === null) return null;
        for (const code of expanded) codes.add(code);
      }
    }
    return codes;
  };
  return (url) => expand(url, []);
}

function ownCodes(definitions: Definitions, include: ValueSetComposeInclude): readonly string[] | null {
  if (include.filter) return null;
  const both = (code: string): string[] => [code, `${include.system}|${code}`];
  if (include.concept) return include.concept.flatMap(({ code }) => both(code));
  if (!include.system) return [];
  const system = definitions.codeSystems.get(include.system);
  return system?.content === 'complete' ? codesOf(system.concept).flatMap(both) : null;
}

const codesOf = (concepts: readonly CodeSystemConcept[] = []): string[] =>
  concepts.flatMap(({ code, concept }) => [code, ...codesOf(concept)]);
