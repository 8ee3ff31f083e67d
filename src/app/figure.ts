type Kind = 'counter' | 'gauge' | 'histogram';

export interface Figure {
  readonly kind: Kind;
  readonly labels: readonly string[];
  readonly help: string;
}

export const figure = (kind: Kind, labels: string, help: string): Figure => ({
  kind,
  labels: labels === '' ? [] : labels.split(' '),
  help,
});
