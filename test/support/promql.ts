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

/** Names and labels in a query that no part of the program shows. */
export function faultsOfQuery(expr: string, recorded: ReadonlySet<string>): string[] {
  const faults: string[] = [];
  for (const [, name = '', selector = ''] of expr.matchAll(/\b(sluice_\w+)(?:\{([^}]*)\})?/g)) {
    const plain = name.replace(/_(bucket|count|sum)$/, '');
    const labels = (FIGURES[name] ?? FILE_FIGURES[name] ?? FIGURES[plain])?.labels;
    if (!labels) faults.push(`${name} is declared nowhere`);
    else
      for (const [, label = ''] of selector.matchAll(/(\w+)(?:=|!=|=~|!~)"/g))
        if (!labels.includes(label) && !ANYWHERE.has(label)) faults.push(`${name} has no label ${label}`);
  }
  for (const [name] of expr.matchAll(/\bsluice:[\w:]+/g))
    if (!recorded.has(name)) faults.push(`${name} is recorded nowhere`);
  return faults;
}
