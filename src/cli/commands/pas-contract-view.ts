import pc from 'picocolors';
import {
  type Condition,
  type MappingClass,
  type Pick,
  type ReadField,
  ruleText,
  type TablePlan,
} from '../../migrations/pas/index.ts';

/** How many fields are filled, and in which class they are. */
export function countClasses(rows: readonly ReadField[]): {
  readonly fields: number;
  readonly filled: number;
  readonly classes: Readonly<Record<MappingClass, number>>;
} {
  const classes: Record<MappingClass, number> = {
    DIRECT_SOURCE: 0,
    DERIVED: 0,
    LOOKUP_TRANSLATION: 0,
    SURROGATE_ETL: 0,
    REFERENCE_MASTER_FEED: 0,
    OUT_OF_SCOPE: 0,
  };
  const seen = new Map<string, boolean>();
  for (const row of rows) {
    if (!seen.has(row.field)) classes[row.class]++;
    seen.set(row.field, seen.get(row.field) === true || row.rule.kind !== 'none');
  }
  return { fields: seen.size, filled: [...seen.values()].filter(Boolean).length, classes };
}

/** A plan as a person reads it. */
export function describePlan(plan: TablePlan): string {
  const lines = [`${pc.bold(plan.table)} (${plan.domain}, loaded as number ${plan.order})`];
  for (const feed of plan.feeds) {
    lines.push(`  ${pc.bold(feed.name)}: ${feed.grain}`);
    lines.push(`    driver ${feed.driver}, key ${feed.key.join(' + ')}`);
    lines.push(`    as of: ${feed.asOf}`);
    if (feed.where.length > 0) lines.push(`    where ${feed.where.map(conditionText).join(' and ')}`);
    if (feed.fold)
      lines.push(
        `    neighbours by ${feed.fold.order.join(', ')} of one ${feed.fold.within.join(' + ')} are one row${feed.fold.same.length > 0 ? ` while ${feed.fold.same.join(', ')} stay the same` : ''}`,
      );
    for (const join of feed.joins)
      lines.push(
        `    join ${pc.cyan(join.name)} ${join.table} on ${join.on.map(({ left, right }) => `${right} = ${left.row}.${left.field}`).join(', ')}${join.where.length > 0 ? ` where ${join.where.map(conditionText).join(' and ')}` : ''}: ${pickText(join.pick)}`,
      );
    for (const link of feed.parents)
      lines.push(
        `    ${link.field} -> ${link.parent} (${link.identity}) by ${link.key.map(({ row, field }) => `${row}.${field}`).join(' + ')}${link.required ? ', required' : ''}`,
      );
  }
  return `${lines.join('\n')}\n`;
}

/** Field rows as a person reads them. */
export function describeRows(rows: readonly ReadField[]): string {
  return rows
    .map((row) => {
      const from = row.sources.map(({ table, field, row: via }) => `${table}.${field} via ${via}`).join(', ');
      const feed = row.feed === null ? '' : ` [${row.feed}]`;
      return `${pc.bold(row.field)}${feed} ${row.class} ${pc.cyan(ruleText(row.rule))}${from ? ` <- ${from}` : ''}\n    ${row.reason} ${pc.dim(`blank: ${row.onBlank}, refused: ${row.onReject}, ${row.confidence}, ${row.review}${row.reviewedBy ? ` by ${row.reviewedBy}` : ''}`)}\n`;
    })
    .join('');
}

function conditionText(condition: Condition): string {
  const left = `${condition.column.row}.${condition.column.field} ${condition.test}`;
  if (condition.test === 'differs') return `${left} from ${condition.other.row}.${condition.other.field}`;
  return 'values' in condition ? `${left} ${condition.values.join(', ')}` : left;
}

function pickText(pick: Pick): string {
  if (pick.kind === 'only') return 'one at most';
  const by = `by ${pick.order.join(', ')}`;
  if (pick.kind === 'nth') return `number ${pick.n} ${by}`;
  if (pick.kind === 'as-of') return `the newest not after ${pick.at.row}.${pick.at.field} ${by}`;
  if (pick.kind === 'next') return `the first after ${pick.at.row}.${pick.at.field} ${by}`;
  return `the ${pick.kind} ${by}`;
}
