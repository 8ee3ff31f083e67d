import type pg from 'pg';
import type { Clock, DualWriteSwitch } from '../../core/index.ts';
import { classify } from '../../sinks/postgres/index.ts';

export interface SwitchState {
  /** null: a type that is seen in tasks and was never switched */
  readonly changedAt: string | null;
  readonly changedBy: string | null;
  readonly taskType: string;
  readonly isOn: boolean;
  /** living tasks of the type in the new store */
  readonly tasks: number;
}

/** How old what is told may be: a switch works within so long, in every process, without a restart. */
const FRESH_MS = 1_000;

/** The switches of the table `compliance.dual_write`, read again when what was read is a second old. */
export function tableSwitches(pool: pg.Pool, clock: Clock): DualWriteSwitch {
  let readAt = Number.NEGATIVE_INFINITY;
  let on: Promise<ReadonlySet<string>> | null = null;
  const read = async (): Promise<ReadonlySet<string>> => {
    const found = await rows<{ task_type: string }>(pool, 'select task_type from compliance.dual_write where is_on');
    return new Set(found.map(({ task_type }) => task_type));
  };
  return {
    async isOn(taskType) {
      if (on === null || clock.now() - readAt >= FRESH_MS) {
        readAt = clock.now();
        on = read();
      }
      try {
        return (await on).has(taskType);
      } catch (error) {
        on = null;
        throw error;
      }
    },
  };
}

export async function listSwitches(pool: pg.Pool): Promise<readonly SwitchState[]> {
  return rows<{ [K in keyof SwitchState]: SwitchState[K] }>(
    pool,
    `select coalesce(d.task_type, t.task_type) as "taskType", coalesce(d.is_on, false) as "isOn",
            to_json(d.changed_at) #>> '{}' as "changedAt", d.changed_by as "changedBy", coalesce(t.n, 0) as tasks
     from compliance.dual_write d
     full join (select task_type, count(*)::int as n from compliance.task where deleted_at is null group by 1) t
       on t.task_type = d.task_type order by 1`,
  );
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
