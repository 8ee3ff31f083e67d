import { parse } from 'yaml';
import { z } from 'zod';
import { SluiceError } from '../../../core/index.ts';
import { readSheet } from '../sheet.ts';
import type { Contract, Crosswalk, CrosswalkEntry, TablePlan } from './model.ts';
import { oneOf, REVIEWS, type ReadField, readFields } from './read-fields.ts';
import { readPlans } from './read-plans.ts';

/** The texts of data/contract, by file name. */
export interface ContractTexts {
  readonly contract: string;
  /** plans/<domain>.yaml */
  readonly plans: ReadonlyMap<string, string>;
  /** fields/<TABLE>.csv */
  readonly fields: ReadonlyMap<string, string>;
  /** crosswalks/index.yaml */
  readonly crosswalks: string;
  /** crosswalks/<name>.csv */
  readonly codes: ReadonlyMap<string, string>;
}

/** A contract as its files say it, with the table names that `contract check` compares with the plans. */
export interface ReadContract extends Contract {
  readonly fields: ReadonlyMap<string, readonly ReadField[]>;
}

const head = z.strictObject({
  name: z.string().min(1),
  version: z.string().regex(/^\d+\.\d+\.\d+$/),
  patients: z.string().optional(),
  merges: z.strictObject({ table: z.string(), from: z.string(), into: z.string() }),
});
const list = z.record(
  z.string().regex(/^[a-z][a-z0-9-]*$/),
  z.strictObject({
    version: z.string().regex(/^\d+\.\d+\.\d+$/),
    says: z.string().min(1),
    master: z.strictObject({ table: z.string(), column: z.string() }).optional(),
  }),
);

/** @throws CONFIG_INVALID naming the file and the place in it */
export function readContract(texts: ContractTexts): ReadContract {
  const { name, version, patients = null, merges } = understood('contract.yaml', head, texts.contract);
  const plans = new Map<string, TablePlan>();
  for (const [file, text] of texts.plans)
    for (const plan of readPlans(file, text)) {
      if (plans.has(plan.table)) throw new SluiceError('CONFIG_INVALID', `plans: ${plan.table} is planned twice`);
      plans.set(plan.table, plan);
    }
  const inOrder = [...plans.values()].sort((a, b) => a.order - b.order);
  const fields = new Map<string, readonly ReadField[]>();
  for (const [file, text] of texts.fields) {
    const table = file.replace(/\.csv$/, '');
    fields.set(table, readFields(table, text));
  }
  return {
    name,
    version,
    patients,
    merges,
    plans: new Map(inOrder.map((plan) => [plan.table, plan])),
    fields,
    crosswalks: readCrosswalks(texts.crosswalks, texts.codes),
  };
}

function readCrosswalks(index: string, codes: ReadonlyMap<string, string>): Map<string, Crosswalk> {
  const crosswalks = new Map<string, Crosswalk>();
  for (const [name, { version, says, master }] of Object.entries(understood('crosswalks/index.yaml', list, index))) {
    if (master) {
      crosswalks.set(name, { kind: 'master', name, version, says, ...master });
      continue;
    }
    const text = codes.get(`${name}.csv`);
    if (text === undefined) throw new SluiceError('CONFIG_INVALID', `crosswalks/${name}.csv is not there`);
    crosswalks.set(name, { kind: 'codes', name, version, says, entries: readEntries(name, text) });
  }
  return crosswalks;
}

/** The columns of a crosswalk file, in the order they are written. */
const CROSSWALK_HEAD = ['source', 'target', 'meaning', 'from', 'to', 'review', 'reviewed_by'] as const;

function readEntries(name: string, text: string): CrosswalkEntry[] {
  return readSheet(`crosswalks/${name}.csv`, text, CROSSWALK_HEAD).map((row) => {
    for (const end of ['from', 'to'])
      if (!/^(\d{4}-\d{2}-\d{2})?$/.test(row.get(end)))
        throw new SluiceError('CONFIG_INVALID', `${row.place} ${end} must be a day written CCYY-MM-DD, or empty`);
    return {
      source: row.get('source'),
      target: row.get('target'),
      meaning: row.get('meaning'),
      from: row.get('from') || null,
      to: row.get('to') || null,
      review: oneOf(row, 'review', REVIEWS),
      reviewedBy: row.get('reviewed_by'),
    };
  });
}

function understood<T>(file: string, shape: z.ZodType<T>, text: string): T {
  try {
    return shape.parse(parse(text));
  } catch (error) {
    const issue = error instanceof z.ZodError ? error.issues[0] : undefined;
    const where = issue ? `${issue.path.map(String).join('.')} ${issue.message}` : 'it is no YAML';
    throw new SluiceError('CONFIG_INVALID', `${file} cannot be read: ${where}`);
  }
}
