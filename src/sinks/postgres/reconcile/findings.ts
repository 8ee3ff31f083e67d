import {
  CLEARED_HASH,
  type Difference,
  type DocumentRef,
  type Entries,
  type Finding,
  type FindingKind,
  type FindingState,
} from '../../../core/index.ts';
import { texts } from '../arrays.ts';
import { isoMicros, type Queryable } from '../sql.ts';

/** Beyond this a person is to look at a finding: the manual playbook queue. */
const PLAYBOOK_SECONDS = 900;

export interface OpenFinding {
  readonly id: string;
  readonly target: string;
  readonly key: string;
  readonly kind: FindingKind;
  readonly state: FindingState;
  readonly hash: string | null;
  /** how often */
  readonly repairs: number;
}

export interface NewFinding {
  readonly flow: string;
  readonly target: string;
  readonly key: string;
  readonly root: string;
  readonly kind: FindingKind;
  readonly differences: readonly Difference[];
  readonly hash: string | null;
  readonly engine: string;
}

export interface MovedFinding {
  readonly id: string;
  readonly state: FindingState;
  /** null: not seen again, it keeps what it has */
  readonly seen: { readonly differences: readonly Difference[]; readonly hash: string | null } | null;
}

export interface FindingFilter {
  readonly flow?: string | undefined;
  readonly kind?: string | undefined;
  readonly states?: readonly FindingState[];
  readonly id?: string;
  /** only those that are open for too long */
  readonly playbook?: boolean | undefined;
  /** only those of these flows that a derivation can repair and that were repaired less often */
  readonly repairable?: {
    readonly flows: readonly string[];
    readonly fewerThan: number;
    /** a target whose documents are never made again */
    readonly except: string | null;
    /** targets whose entries are made again when they are missing, and never changed */
    readonly entries: readonly string[];
  };
  readonly limit: number;
}

/** A repair of a finding. `verified` and `failed`: as the document was seen after it; `overtaken`: by another repair, or an acceptance. */
export interface FindingRepair {
  readonly at: string;
  readonly by: string;
  readonly asked: 'policy' | 'by name';
  readonly outcome: 'open' | 'verified' | 'failed' | 'overtaken';
  readonly closedAt: string | null;
}

export interface FindingCount {
  readonly flow: string;
  readonly kind: FindingKind;
  readonly state: FindingState;
  readonly n: number;
  /** documents with it */
  readonly documents: number;
  readonly oldestSeconds: number | null;
  readonly playbook: number;
}

const OPEN = `state in ('suspect', 'confirmed', 'repaired', 'accepted')`;
const AGE = 'extract(epoch from clock_timestamp() - coalesce(confirmed_at, reopened_at, first_at))::float8';
const IS_REPAIRABLE = `(root <> '' and kind <> 'unmappable' and target not like 'source:%')`;
const IS_LATE = `(state in ('confirmed', 'repaired') and ${AGE} > ${PLAYBOOK_SECONDS})`;

const OVERTAKEN = `overtaken as (update sluice.finding_repair r set outcome = 'overtaken', closed_at = clock_timestamp()
         from f where r.finding = f.id and r.outcome = 'open')`;

/** The ledger of findings of one pipeline. */
export class FindingStore {
  readonly #db: Queryable;
  readonly #pipeline: string;
  readonly #entries: readonly Entries[];

  /** @param entries what is appended to: who repairs has to know */
  constructor(db: Queryable, pipeline: string, entries: readonly Entries[] = []) {
    this.#entries = entries;
    this.#db = db;
    this.#pipeline = pipeline;
  }

  async openOf(refs: readonly DocumentRef[]): Promise<readonly OpenFinding[]> {
    if (refs.length === 0) return [];
    const found = await this.#db.query<OpenFinding>(
      `select f.id::text, f.target, f.key, f.kind, f.state, f.repairs, encode(f.hash, 'hex') as hash
       from unnest($2::text[], $3::text[]) u(target, key)
       join sluice.finding f on f.pipeline = $1 and f.target = u.target and f.key = u.key and ${OPEN}`,
      [this.#pipeline, texts(refs.map(({ target }) => target)), texts(refs.map(({ id }) => id))],
    );
    return found.rows;
  }

  async add(findings: readonly NewFinding[]): Promise<void> {
    for (const { flow, target, key, root, kind, differences, hash, engine } of findings)
      await this.#db.query(
        `insert into sluice.finding (pipeline, flow, target, key, root, kind, state, differences, hash, engine)
         values ($1, $2, $3, $4, $5, $6, 'suspect', $7, decode($8, 'hex'), $9) on conflict do nothing`,
        [this.#pipeline, flow, target, key, root, kind, JSON.stringify(differences), hash, engine],
      );
  }

  async move(moved: readonly MovedFinding[]): Promise<void> {
    for (const { id, state, seen } of moved)
      await this.#db.query(
        // what was accepted and is a finding again has a clock of its own; a look that began before a repair can tell it
        // failed, so a finding that is verified takes that of its newest repair back
        `with f as (update sluice.finding set state = $3, last_at = clock_timestamp(),
             differences = coalesce($4::jsonb, differences),
             hash = case when $4::jsonb is null then hash else decode($5, 'hex') end,
             confirmed_at = case when state = 'accepted' and $3 in ('suspect', 'confirmed') then null
               when $3 = 'confirmed' then coalesce(confirmed_at, clock_timestamp()) else confirmed_at end,
             reopened_at = case when state = 'accepted' and $3 in ('suspect', 'confirmed') then clock_timestamp() else reopened_at end,
             closed_at = case when $3 in ('reverified', 'vanished') then clock_timestamp() end
           where pipeline = $1 and id = $2 returning id, state)
         update sluice.finding_repair r set closed_at = clock_timestamp(),
           outcome = case f.state when 'reverified' then 'verified' when 'confirmed' then 'failed' else 'overtaken' end
         from f where r.finding = f.id and f.state in ('confirmed', 'reverified', 'vanished') and (r.outcome = 'open'
           or f.state = 'reverified' and r.id = (select max(n.id) from sluice.finding_repair n where n.finding = f.id))`,
        [this.#pipeline, id, state, seen === null ? null : JSON.stringify(seen.differences), seen?.hash ?? null],
      );
  }

  /**
   * Clears what is recorded of the document and marks its root, so that an ordinary derivation writes it anew; of an entry
   * the changes of its root are told again, which writes those that are missing. false: the finding is not one that can
   * be repaired, or not any more.
   */
  async repair(id: string, by: string, asked: FindingRepair['asked'] = 'by name'): Promise<boolean> {
    const done = await this.#db.query(
      `with f as (update sluice.finding set state = 'repaired', repaired_at = clock_timestamp(), repaired_by = $3,
           repairs = repairs + 1, confirmed_at = coalesce(confirmed_at, clock_timestamp())
         where pipeline = $1 and id = $2 and state in ('suspect', 'confirmed', 'repaired') and root <> ''
         returning id, flow, target, key, root)
       , entry as (select e.tbl from f
           join unnest($5::text[], $6::text[], $7::text[]) as e(flow, target, tbl) on e.flow = f.flow and e.target = f.target)
       , ${OVERTAKEN}
       , noted as (insert into sluice.finding_repair (finding, by, asked) select id, $3::text, $4::text from f)
       , cleared as (update sluice.document d set hash = decode('${CLEARED_HASH}', 'hex') from f
         where d.pipeline = $1 and d.target = f.target and d.id = f.key and not exists (select from entry))
       , told as (update sluice.change c set rendered = false from f, entry
         where c.pipeline = $1 and c.tbl = entry.tbl and c.key = f.root)
       , forgotten as (delete from sluice.document d using f, entry
         where d.pipeline = $1 and d.target = f.target and d.id = f.key)
       insert into sluice.mark (pipeline, flow, key, source_time) select $1, flow, root, clock_timestamp() from f`,
      [
        ...[this.#pipeline, id, by, asked, this.#entries.map(({ flow }) => flow)],
        ...[this.#entries.map(({ target }) => target), this.#entries.map(({ table }) => table)],
      ],
    );
    return (done.rowCount ?? 0) > 0;
  }

  async accept(id: string, by: string, reason: string): Promise<boolean> {
    const done = await this.#db.query(
      `with f as (update sluice.finding
           set state = 'accepted', accepted_by = $3, accept_reason = $4, last_at = clock_timestamp()
         where pipeline = $1 and id = $2 and state in ('suspect', 'confirmed', 'repaired') returning id)
       , ${OVERTAKEN} select from f`,
      [this.#pipeline, id, by, reason],
    );
    return (done.rowCount ?? 0) > 0;
  }

  /** What was done about a finding, oldest first. */
  async repairs(id: string): Promise<readonly FindingRepair[]> {
    const found = await this.#db.query<FindingRepair>(
      `select ${isoMicros('r.at')} as at, r.by, r.asked, r.outcome, ${isoMicros('r.closed_at')} as "closedAt"
       from sluice.finding_repair r join sluice.finding f on f.id = r.finding
       where f.pipeline = $1 and f.id = $2 order by r.id`,
      [this.#pipeline, id],
    );
    return found.rows;
  }

  async list({ flow, kind, states, id, playbook, repairable, limit }: FindingFilter): Promise<readonly Finding[]> {
    const found = await this.#db.query<Finding & { detail: null }>(
      `select id::text, flow, target, key, root, kind, state, differences, engine, ${isoMicros('first_at')} as "firstAt",
         ${isoMicros('confirmed_at')} as "confirmedAt", ${isoMicros('last_at')} as "lastAt", ${AGE} as "ageSeconds",
         ${IS_LATE} as playbook, jsonb_strip_nulls(jsonb_build_object('repairs', repairs, 'repairedBy', repaired_by,
           'repairedAt', repaired_at, 'reopenedAt', reopened_at, 'closedAt', closed_at, 'acceptedBy', accepted_by, 'reason', accept_reason)) as detail
       from sluice.finding where pipeline = $1 and ($2::text is null or flow = $2) and ($3::text is null or kind = $3)
         and ($4::text[] is null or state = any($4)) and ($5::bigint is null or id = $5)
         and (not $7::boolean or ${IS_LATE})
         and ($8::text[] is null or flow = any($8) and repairs < $9 and target is distinct from $10 and ${IS_REPAIRABLE}
           and (kind = 'missing' or not target = any($11::text[])))
       order by sluice.finding.id limit $6`,
      [
        this.#pipeline,
        flow ?? null,
        kind ?? null,
        states ?? null,
        id ?? null,
        limit,
        playbook ?? false,
        repairable?.flows ?? null,
        repairable?.fewerThan ?? 0,
        repairable?.except ?? null,
        repairable?.entries ?? [],
      ],
    );
    return found.rows;
  }

  async counts(): Promise<readonly FindingCount[]> {
    const found = await this.#db.query<FindingCount>(
      `select flow, kind, state, count(*)::int as n, count(distinct (target, key))::int as documents,
         max(${AGE}) as "oldestSeconds", count(*) filter (where ${IS_LATE})::int as playbook
       from sluice.finding where pipeline = $1 and ${OPEN} group by flow, kind, state order by flow, kind, state`,
      [this.#pipeline],
    );
    return found.rows;
  }

  /** Documents of each flow with a finding that is neither accepted nor repaired nor only suspected. */
  async unresolved(): Promise<ReadonlyMap<string, number>> {
    const found = await this.#db.query<{ flow: string; n: number }>(
      `select flow, count(distinct (target, key))::int as n from sluice.finding
       where pipeline = $1 and state in ('confirmed', 'repaired') and kind <> 'unmappable' group by flow`,
      [this.#pipeline],
    );
    return new Map(found.rows.map(({ flow, n }) => [flow, n]));
  }

  /** What documents were seen to hold when they were right, by `target<unit separator>id`. */
  async seen(refs: readonly DocumentRef[]): Promise<ReadonlyMap<string, readonly string[]>> {
    if (refs.length === 0) return new Map();
    const found = await this.#db.query<{ name: string; hash: string; earlier: string | null }>(
      `select s.target || chr(31) || s.id as name, encode(s.hash, 'hex') as hash, encode(s.earlier, 'hex') as earlier
       from unnest($2::text[], $3::text[]) u(target, id)
       join sluice.seen_document s on s.pipeline = $1 and s.target = u.target and s.id = u.id`,
      [this.#pipeline, texts(refs.map(({ target }) => target)), texts(refs.map(({ id }) => id))],
    );
    return new Map(found.rows.map(({ name, hash, earlier }) => [name, earlier === null ? [hash] : [hash, earlier]]));
  }

  async saw(documents: readonly (DocumentRef & { readonly hash: string })[]): Promise<void> {
    if (documents.length === 0) return;
    await this.#db.query(
      `insert into sluice.seen_document as s (pipeline, target, id, hash)
       select $1, u.target, u.id, decode(u.hash, 'hex') from unnest($2::text[], $3::text[], $4::text[]) u(target, id, hash)
       on conflict (pipeline, target, id) do update set earlier = s.hash, hash = excluded.hash
       where s.hash <> excluded.hash`,
      [
        this.#pipeline,
        texts(documents.map(({ target }) => target)),
        texts(documents.map(({ id }) => id)),
        texts(documents.map(({ hash }) => hash)),
      ],
    );
  }
}
