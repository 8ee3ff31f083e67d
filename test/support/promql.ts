import { FIGURES, FILE_FIGURES } from '../../src/app/figures.ts';

export interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** What Prometheus puts on every series by itself. */
const ANYWHERE = new Set(['instance', 'job', 'le', '__name__']);

/** What each recorded series is named, and the labels it can have: those its rule sums up by, and those it adds. */
export function recordedBy(rules: readonly Rule[]): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  for (const { record, expr, labels = {} } of rules) {
    if (record === undefined) continue;
    const own = found.get(record) ?? new Set();
    for (const label of [...Object.keys(labels), ...listed(expr, 'by').flatMap(({ names }) => names)]) own.add(label);
    found.set(record, own);
  }
  return found;
}

/** Names and labels in a query that no part of the program shows. */
export function faultsOfQuery(expr: string, recorded: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const faults: string[] = [];
  const without = (text: string, label: string): string[] =>
    seriesIn(text).flatMap((name) => {
      const labels = recorded.get(name) ?? new Set(labelsOf(name));
      return labels.has(label) || ANYWHERE.has(label) ? [] : [name];
    });
  // every series summed up by a label has it; of two that are set against each other, too
  for (const { names, text } of [...listed(expr, 'by'), ...listed(expr, 'on')])
    for (const label of names)
      for (const name of new Set(without(text, label))) faults.push(`${name} has no label ${label}`);
  for (const [, name = '', selector = ''] of expr.matchAll(/\b(sluice_\w+)(?:\{([^}]*)\})?/g)) {
    const labels = labelsOf(name);
    if (!labels) faults.push(`${name} is declared nowhere`);
    else
      for (const [, label = ''] of selector.matchAll(/(\w+)(?:=|!=|=~|!~)"/g))
        if (!labels.includes(label) && !ANYWHERE.has(label)) faults.push(`${name} has no label ${label}`);
  }
  for (const [name] of expr.matchAll(/\bsluice:[\w:]+/g))
    if (!recorded.has(name)) faults.push(`${name} is recorded nowhere`);
  return faults;
}

function labelsOf(name: string): readonly string[] | undefined {
  const plain = name.replace(/_(bucket|count|sum)$/, '');
  return (FIGURES[name] ?? FILE_FIGURES[name] ?? FIGURES[plain])?.labels;
}

/** The labels of each `by (...)` or `on (...)`, and what they are asked of: what is summed up, or the series on both sides. */
function listed(expr: string, word: 'by' | 'on'): { readonly names: readonly string[]; readonly text: string }[] {
  return [...expr.matchAll(new RegExp(`\\b${word}\\s*\\(([^)]*)\\)\\s*`, 'g'))].map((match) => {
    const names = (match[1] ?? '').split(',').map((name) => name.trim());
    const rest = expr.slice(match.index + match[0].length);
    if (word === 'by') return { names, text: rest.startsWith('(') ? rest.slice(0, closing(rest)) : expr };
    const sides = [seriesIn(expr.slice(0, match.index)).at(-1), seriesIn(rest)[0]];
    return { names, text: sides.join(' ') };
  });
}

const seriesIn = (text: string): string[] => [...text.matchAll(/\bsluice[_:][\w:]+/g)].map(([name]) => name);

/** Where the bracket a text begins with is closed. */
function closing(text: string): number {
  let depth = 0;
  for (const [at, sign] of [...text].entries()) {
    if (sign === '(') depth += 1;
    else if (sign === ')' && --depth === 0) return at;
  }
  return text.length;
}
