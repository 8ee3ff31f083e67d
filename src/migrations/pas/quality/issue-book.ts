export type Severity = 'ERROR' | 'WARN' | 'INFO';

/** Something a person should look at. `key` is opaque: it says which row without saying whose. */
export interface Issue {
  readonly severity: Severity;
  readonly category: string;
  readonly table: string;
  readonly field: string;
  readonly key: string;
  readonly message: string;
}

/** How often something was found, whether each place is listed or not. */
export interface IssueCount {
  readonly severity: Severity;
  readonly category: string;
  readonly table: string;
  readonly field: string;
  count: number;
}

export interface IssueBook {
  /** `key` is asked for only while places are still listed. */
  add(issue: Omit<Issue, 'key'>, key?: () => string): void;
  readonly issues: readonly Issue[];
  readonly counts: readonly IssueCount[];
}

export interface SavedIssues {
  readonly issues: readonly Issue[];
  readonly counts: readonly IssueCount[];
}

/** So many places of one kind are listed in one table and field; the rest is counted. */
const LISTED = 200;

/** Collects issues; what it holds does not grow with the number of patients. */
export function createIssueBook(saved: SavedIssues = { issues: [], counts: [] }): IssueBook {
  const issues = [...saved.issues];
  const counts = new Map(saved.counts.map((count) => [keyOf(count), { ...count }]));
  return {
    add(issue, key) {
      const name = keyOf(issue);
      let count = counts.get(name);
      if (!count) {
        const { severity, category, table, field } = issue;
        count = { severity, category, table, field, count: 0 };
        counts.set(name, count);
      }
      count.count += 1;
      if (count.count <= LISTED) issues.push({ ...issue, key: key?.() ?? '' });
    },
    issues,
    get counts() {
      return [...counts.values()];
    },
  };
}

const keyOf = ({ severity, category, table, field }: Omit<IssueCount, 'count'>): string =>
  `${severity}|${category}|${table}|${field}`;
