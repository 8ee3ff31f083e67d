import type pg from 'pg';
import type { Clock, DualWriteSwitch } from '../../core/index.ts';
import { classify } from '../../sinks/postgres/index.ts';
import type { OpenPipeline } from '../pipeline.ts';

export interface SwitchState {
  /** null: a type that is seen in tasks and was never switched */
  readonly changedAt: string | null;
  readonly changedBy: string | null;
  readonly taskType: string;
  readonly isOn: boolean;
  /** living tasks of the type in the new store */
  readonly tasks: number;
  /** tasks with changes that wait for the switch */
  readonly held: number;
}

/** How old what is told may be: a switch works within so long, in every process, without a restart. */
const FRESH_MS = 1_000;

const TABLE = 'compliance.dual_write';

/**
 * The switches of the table `compliance.dual_write`, read again when what was read is a second old. What was never switched
 * is on, and so is everything where there is no such table yet.
 */
export function tableSwitches(pool: pg.Pool, clock: Clock): DualWriteSwitch {
  let readAt = Number.NEGATIVE_INFINITY;
  let off: Promise<ReadonlySet<string>> | null = null;
  const read = async (): Promise<ReadonlySet<string>> => {
    const there = await rows<{ there: boolean }>(pool, `select to_regclass($1) is not null as there`, [TABLE]);
    if (there[0]?.there !== true) return new Set();
    const found = await rows<{ task_type: string }>(pool, `select task_type from ${TABLE} where not is_on`);
    return new Set(found.map(({ task_type }) => task_type));
  };
  return {
    async isOn(taskType) {
      if (off === null || clock.now() - readAt >= FRESH_MS) {
        readAt = clock.now();
        off = read();
      }
      try {
        return !(await off).has(taskType);
      } catch (error) {
        off = null;
        throw error;
      }
    },
  };
}

/** The switches a pipeline asks; none where no flow of it can be switched. */
export const switchesOf = ({ migration, pool }: OpenPipeline, clock: Clock): DualWriteSwitch | undefined =>
  migration.flows.some(({ switchedBy }) => switchedBy) ? tableSwitches(pool, clock) : undefined;

/** Marks what is held back by switches that are on by now. Answers how many roots. */
export async function releaseSwitchedOn(
  { admin }: OpenPipeline,
  switches: DualWriteSwitch | undefined,
): Promise<number> {
  if (!switches) return 0;
  const on: string[] = [];
  for (const kind of (await admin.heldBySwitch()).keys()) if (await switches.isOn(kind)) on.push(kind);
  return admin.releaseHeld(on);
}

export async function listSwitches({ pool, admin }: OpenPipeline): Promise<readonly SwitchState[]> {
  const held = await admin.heldBySwitch();
  const found = await rows<{ [K in keyof Omit<SwitchState, 'held'>]: SwitchState[K] }>(
    pool,
    `select coalesce(d.task_type, t.task_type) as "taskType", coalesce(d.is_on, true) as "isOn",
            to_json(d.changed_at) #>> '{}' as "changedAt", d.changed_by as "changedBy", coalesce(t.n, 0) as tasks
     from compliance.dual_write d
     full join (select task_type, count(*)::int as n from compliance.task where deleted_at is null group by 1) t
       on t.task_type = d.task_type order by 1`,
  );
  return found.map((one) => ({ ...one, held: held.get(one.taskType) ?? 0 }));
}

/** Answers whether anything changed: the same again is no change, and no entry. */
export async function setSwitch(
  pool: pg.Pool,
  change: { readonly taskType: string; readonly isOn: boolean; readonly by: string; readonly reason: string },
): Promise<boolean> {
  const changed = await rows(
    pool,
    `with set as (
       insert into compliance.dual_write as d (task_type, is_on, changed_by) values ($1, $2, $3)
       on conflict (task_type) do update set is_on = excluded.is_on, changed_by = excluded.changed_by, changed_at = now()
         where d.is_on <> excluded.is_on
       returning task_type, is_on, changed_by)
     insert into compliance.dual_write_change (task_type, is_on, by, reason)
     select task_type, is_on, changed_by, $4 from set returning seq`,
    [change.taskType, change.isOn, change.by, change.reason],
  );
  return changed.length > 0;
}

async function rows<T extends pg.QueryResultRow>(pool: pg.Pool, sql: string, values: unknown[] = []): Promise<T[]> {
  try {
    return (await pool.query<T>(sql, values)).rows;
  } catch (error) {
    throw classify(error);
  }
}
