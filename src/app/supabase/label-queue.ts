import type pg from 'pg';
import { classify } from '../../sinks/postgres/index.ts';
import type { Legacy } from './legacy.ts';

/** A job that one drain holds for a while. */
export interface HeldJob {
  readonly id: string;
  readonly legacy_id: string;
  /** what stands, or is to stand, as printed_at at the source while the job is ours */
  readonly stamp: string;
}

export interface PrintJob extends HeldJob {
  readonly label_code: string;
  readonly patient_name: string;
  readonly request_type: string;
  readonly priority: number;
  /** 1: nobody has asked a printer for it before */
  readonly attempts: number;
}

/** `undecided`: somebody else was at the row in that very moment; ask again. */
export type SourceAnswer = 'taken' | 'printed' | 'gone' | 'undecided';

export interface QueueCounts {
  /** not taken yet, and known here */
  readonly untaken: number;
  /** taken and not printed */
  readonly open: number;
  readonly dead: number;
}

/**
 * Takes jobs at the source by compare-and-set, and answers whose they are. Asked again with the same stamps it answers
 * the same: a drain that died in between is no different from one that had to ask twice.
 */
export async function takeAtSource(legacy: Legacy, jobs: readonly HeldJob[]): Promise<Map<string, SourceAnswer>> {
  const rows = await legacy.query<{ id: string; answer: SourceAnswer }>(
    `with asked as (select * from unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) a(id, legacy_id, stamp)),
     taken as (update public.partner_label_queue q set printed_at = asked.stamp from asked
               where q.id = asked.legacy_id and q.printed_at is null returning q.id)
     select asked.id, case when taken.id is not null or q.printed_at = asked.stamp then 'taken'
                           when q.id is null then 'gone'
                           when q.printed_at is null then 'undecided'
                           else 'printed' end as answer
     from asked left join public.partner_label_queue q on q.id = asked.legacy_id left join taken on taken.id = q.id`,
    [jobs.map(({ id }) => id), jobs.map(({ legacy_id }) => legacy_id), jobs.map(({ stamp }) => stamp)],
  );
  return new Map(rows.map(({ id, answer }) => [id, answer]));
}

export async function openAtSource(legacy: Legacy): Promise<number> {
  const [row] = await legacy.query<{ n: number }>(
    'select count(*)::int as n from public.partner_label_queue where printed_at is null',
  );
  return row?.n ?? 0;
}

/** The queue of the new store, as one drain sees it. Throws what `classify` says. */
export class LabelQueue {
  readonly #pool: pg.Pool;
  readonly #owner: string;
  readonly #leaseMs: number;

  constructor(pool: pg.Pool, owner: string, leaseMs: number) {
    this.#pool = pool;
    this.#owner = owner;
    this.#leaseMs = leaseMs;
  }

  /** Jobs to be taken from the source. The stamp is written down before anything is done there, and kept. */
  reserve(limit: number): Promise<readonly HeldJob[]> {
    // sources stamp whole milliseconds, or their own clock: the part below a millisecond is made up
    return this.#rows<HeldJob>(
      `update partnerops.label_queue q
       set lease_owner = $1, lease_until = now() + $2 * interval '1 ms',
           claim_stamp = coalesce(q.claim_stamp, date_trunc('milliseconds', clock_timestamp())
                                                 + (1 + floor(random() * 998)) * interval '1 microsecond')
       where id in (select id from partnerops.label_queue
                    where deleted_at is null and state = 'queued' and taken_at is null
                      and (lease_until is null or lease_until < now())
                    order by priority, created_at, id limit $3 for update skip locked)
       returning id, legacy_id, claim_stamp::text as stamp`,
      [this.#owner, this.#leaseMs, limit],
    );
  }

  /** Writes down what the source answered. A job that is not ours is as if it had never been asked for. */
  async settle(answers: ReadonlyMap<string, SourceAnswer>): Promise<void> {
    await this.#rows(
      `update partnerops.label_queue q
       set taken_at = case when a.answer = 'taken' then coalesce(q.taken_at, now()) end,
           claim_stamp = case when a.answer in ('taken', 'undecided') then q.claim_stamp end,
           queue_state = null, lease_owner = null, lease_until = null
       from unnest($2::uuid[], $3::text[]) a(id, answer) where q.id = a.id and q.lease_owner = $1`,
      [this.#owner, [...answers.keys()], [...answers.values()]],
    );
  }

  /** Taken jobs to be printed, the oldest of the most urgent first; those of a drain that went away are among them. */
  leaseForPrint(limit: number, graceMs: number): Promise<readonly PrintJob[]> {
    return this.#rows<PrintJob>(
      `update partnerops.label_queue q
       set queue_state = 'leased', lease_owner = $1, lease_until = now() + $2 * interval '1 ms', attempts = attempts + 1
       where id in (select id from partnerops.label_queue
                    where deleted_at is null and state in ('queued', 'leased')
                      and taken_at <= now() - $4 * interval '1 ms' and (lease_until is null or lease_until < now())
                    order by priority, created_at, id limit $3 for update skip locked)
       returning id, legacy_id, claim_stamp::text as stamp, label_code, patient_name, request_type, priority, attempts`,
      [this.#owner, this.#leaseMs, limit, graceMs],
    );
  }

  async receipts(codes: readonly string[]): Promise<ReadonlySet<string>> {
    const rows = await this.#rows<{ label_code: string }>(
      'select label_code from partnerops.label_print_receipt where label_code = any($1)',
      [codes],
    );
    return new Set(rows.map(({ label_code }) => label_code));
  }

  /** Receipt and state are one statement: there is never the one without the other. */
  async printed(job: PrintJob): Promise<void> {
    await this.#rows(
      `with receipt as (insert into partnerops.label_print_receipt (label_code, printed_at, printed_by)
                        values ($2, now(), $3) on conflict do nothing)
       update partnerops.label_queue set queue_state = 'printed', printed_at = now(), lease_owner = null, lease_until = null
       where id = $1`,
      [job.id, job.label_code, this.#owner],
    );
  }

  /** Not printed, for sure: to be tried again, or given up. */
  async refused(job: PrintJob, isLast: boolean): Promise<void> {
    await this.#rows(
      `update partnerops.label_queue set queue_state = $3, lease_owner = null, lease_until = null
       where id = $1 and lease_owner = $2`,
      [job.id, this.#owner, isLast ? 'dead' : null],
    );
  }

  async counts(): Promise<QueueCounts> {
    const [row] = await this.#rows<QueueCounts>(
      `select (count(*) filter (where state = 'queued' and taken_at is null))::int as untaken,
              (count(*) filter (where state in ('queued', 'leased') and taken_at is not null))::int as open,
              (count(*) filter (where state = 'dead'))::int as dead
       from partnerops.label_queue where deleted_at is null`,
      [],
    );
    return row ?? { untaken: 0, open: 0, dead: 0 };
  }

  async #rows<T extends pg.QueryResultRow>(sql: string, values: readonly unknown[]): Promise<readonly T[]> {
    try {
      return (await this.#pool.query<T>(sql, [...values])).rows;
    } catch (error) {
      throw classify(error);
    }
  }
}
