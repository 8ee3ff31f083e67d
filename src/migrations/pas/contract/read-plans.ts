import { parse } from 'yaml';
import { z } from 'zod';
import { SluiceError } from '../../../core/index.ts';
import type { ColumnRef, Condition, Feed, Join, ParentLink, Pick, TablePlan } from './model.ts';

const column = z
  .string()
  .regex(/^[a-z][a-z0-9_]*\.[A-Za-z0-9_]+$/)
  .transform(columnRef);
const link = z.strictObject({
  parent: z.string(),
  identity: z.string(),
  key: z.array(column).min(1),
  where: z.array(z.string().transform(condition)).default([]),
  required: z.boolean().default(false),
});
const join = z.strictObject({
  name: z.string(),
  table: z.string(),
  on: z.record(z.string(), column),
  where: z.array(z.string().transform(condition)).default([]),
  pick: z.string().transform(pick),
  required: z.boolean().default(false),
});
const feed = z.strictObject({
  name: z.string(),
  identity: z.string().optional(),
  driver: z.string(),
  patient: z.string().nullable().default(null),
  key: z.array(z.string()).min(1),
  grain: z.string().min(1),
  as_of: z.string().min(1),
  where: z.array(z.string().transform(condition)).default([]),
  fold: z
    .strictObject({ within: z.array(z.string()), same: z.array(z.string()), order: z.array(z.string()) })
    .nullable()
    .default(null),
  joins: z.array(join).default([]),
  parents: z.record(z.string(), z.union([link, z.array(link)])).default({}),
});
const plans = z.record(
  z.string().regex(/^LOAD_[A-Z_]+$/),
  z.strictObject({ order: z.int().positive(), feeds: z.array(feed).min(1) }),
);

const DOMAINS: readonly TablePlan['domain'][] = [
  'REFERENCE',
  'PMI',
  'RTT',
  'OPD',
  'IWL',
  'ADT',
  'MH',
  'CMTY',
  'ARCHIVE',
];

/**
 * Reads plans/<domain>.yaml.
 * @throws CONFIG_INVALID naming the file and the place in it
 */
export function readPlans(file: string, text: string): TablePlan[] {
  const domain = DOMAINS.find((one) => `${one.toLowerCase()}.yaml` === file);
  if (!domain) throw new SluiceError('CONFIG_INVALID', `plans/${file} is named after no domain`);
  let read: z.infer<typeof plans>;
  try {
    read = plans.parse(parse(text));
  } catch (error) {
    const where = error instanceof z.ZodError ? problems(error) : error instanceof Error ? error.message : '';
    throw new SluiceError('CONFIG_INVALID', `plans/${file} cannot be read: ${where}`);
  }
  return Object.entries(read).map(([table, plan]) => ({
    table,
    domain,
    order: plan.order,
    feeds: plan.feeds.map(feedOf),
  }));
}

function feedOf(read: z.infer<typeof feed>): Feed {
  return {
    name: read.name,
    identity: read.identity ?? read.name,
    driver: read.driver,
    key: read.key,
    patient: read.patient,
    grain: read.grain,
    where: read.where,
    fold: read.fold,
    joins: read.joins.map(joinOf),
    parents: Object.entries(read.parents).flatMap(([field, links]): ParentLink[] =>
      (Array.isArray(links) ? links : [links]).map((one) => ({ field, ...one })),
    ),
    asOf: read.as_of,
  };
}

const joinOf = ({ on, ...rest }: z.infer<typeof join>): Join => ({
  ...rest,
  on: Object.entries(on).map(([right, left]) => ({ left, right })),
});

function columnRef(text: string): ColumnRef {
  const dot = text.indexOf('.');
  return { row: text.slice(0, dot), field: text.slice(dot + 1) };
}

/** `row.Column present`, `blank`, `in A, B`, `not-in A, B`, `differs other.Column` */
function condition(text: string, context: z.RefinementCtx): Condition {
  const [, left = '', test = '', rest = ''] = /^([a-z0-9_]+\.[A-Za-z0-9_]+) ([a-z-]+)(?: (.+))?$/.exec(text) ?? [];
  const about = { column: columnRef(left) };
  if ((test === 'present' || test === 'blank') && rest === '') return { ...about, test };
  if ((test === 'in' || test === 'not-in') && rest !== '')
    return { ...about, test, values: rest.split(',').map((value) => value.trim()) };
  if (test === 'differs' && rest.includes('.')) return { ...about, test, other: columnRef(rest) };
  context.addIssue({ code: 'custom', message: `"${text}" is no condition` });
  return z.NEVER;
}

/** `only`, `latest by A, B`, `earliest by A`, `all by A`, `nth 2 by A`, `as-of row.Column by A`, `next row.Column by A` */
function pick(text: string, context: z.RefinementCtx): Pick {
  if (text === 'only') return { kind: 'only' };
  const [, kind = '', what = '', by = ''] = /^([a-z-]+)(?: (\S+))? by (.+)$/.exec(text) ?? [];
  const order = by
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
  if (order.length > 0) {
    if ((kind === 'latest' || kind === 'earliest' || kind === 'all') && what === '') return { kind, order };
    if (kind === 'nth' && /^[1-9]\d?$/.test(what)) return { kind, order, n: Number(what) };
    if ((kind === 'as-of' || kind === 'next') && what.includes('.')) return { kind, order, at: columnRef(what) };
  }
  context.addIssue({ code: 'custom', message: `"${text}" does not say which row is meant` });
  return z.NEVER;
}

const problems = (error: z.ZodError): string =>
  error.issues
    .slice(0, 3)
    .map((issue) => `${issue.path.map(String).join('.')} ${issue.message}`)
    .join('; ');
