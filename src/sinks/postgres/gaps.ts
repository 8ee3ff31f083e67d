import { type ErrorCode, type Gap, type GapKind, gapKindOf } from '../../core/index.ts';
import { isoMicros, type Queryable } from './sql.ts';

/** What capture looked like at the last look; positions are log sequence numbers. */
export interface CaptureRecord {
  readonly epoch: number;
  readonly server: string;
  readonly place: string;
  readonly active: boolean;
  readonly state: string;
  readonly confirmed: bigint | null;
  readonly stored: bigint | null;
}

export interface FoundGap {
  readonly kind: GapKind;
  readonly scope: string;
  readonly reason: string;
  readonly epoch: number;
  readonly from: bigint | null;
  readonly to: bigint | null;
}

/** Longest time until a gap is found while a worker looks (docs/runbooks/gap.md). */
const FOUND_WITHIN = '15 seconds';

const COLUMNS = `id, kind, scope, reason, epoch, ${isoMicros('found_at')} as "foundAt", ${isoMicros('since')} as since,
  from_pos as "from", to_pos as "to", ${isoMicros('closed_at')} as "closedAt", closed_by as "closedBy"`;

/** What is known of the gaps of one pipeline, and of the capture that would show them. */
export class PostgresGaps {
  readonly #db: Queryable;
  readonly #pipeline: string;
  readonly #heartbeat: string;

  /** @param heartbeat the topic whose newest landed change says up to when all is proven */
  constructor(db: Queryable, pipeline: string, heartbeat: string) {
    this.#db = db;
    this.#pipeline = pipeline;
    this.#heartbeat = heartbeat;
  }

  /**
   * Records a gap once; answers whether it was not known. It may have begun as long before it was found as finding one
   * takes, and heartbeats may have come through meanwhile: proven is what came before that.
   */
  async open(found: FoundGap): Promise<boolean> {
    const done = await this.#db.query(
      `insert into sluice.gap (pipeline, kind, scope, reason, epoch, from_pos, to_pos, since)
     values ($1, $2, $3, $4, $5, $6, $7,
       (select least(p.proven, coalesce((select at from sluice.capture where pipeline = $1), p.proven)) - interval '${FOUND_WITHIN}'
        from (select max(source_time) as proven from sluice.progress where pipeline = $1 and topic = $8) p
        where p.proven is not null))
     on conflict do nothing`,
      [
        this.#pipeline,
        found.kind,
        found.scope,
        found.reason,
        found.epoch,
        found.from === null ? null : String(found.from),
        found.to === null ? null : String(found.to),
        this.#heartbeat,
      ],
    );
    return done.rowCount === 1;
  }

  /**
   * Records the gaps that somebody halted for without a record of his own, e.g. whoever landed a partition. Answers the
   * kinds of those that were not known.
   */
  async adopt(epoch: number): Promise<readonly GapKind[]> {
    const halts = await this.#db.query<{ scope: string; code: ErrorCode; reason: string }>(
      `select h.scope, h.code, h.reason from sluice.halt h where h.pipeline = $1 and not exists (
       select from sluice.gap g where g.pipeline = $1 and g.scope in ('*', h.scope)
         and g.found_at >= h.at - interval '1 minute')`,
      [this.#pipeline],
    );
    const fresh: GapKind[] = [];
    for (const { scope, code, reason } of halts.rows) {
      const kind = gapKindOf(code);
      if (kind === null) continue;
      // a flow stops for what became of its source; the source is one for all of them
      const of = scope.includes('/') ? scope : '*';
      const found = { kind, scope: of, reason, epoch, from: null, to: null };
      if (await this.open(found)) fresh.push(kind);
    }
    return fresh;
  }

  /** Newest first. */
  async list(onlyOpen: boolean): Promise<readonly Gap[]> {
    const found = await this.#db.query<Gap & Record<string, unknown>>(
      `select ${COLUMNS} from sluice.gap where pipeline = $1 and (not $2 or closed_at is null) order by id desc`,
      [this.#pipeline, onlyOpen],
    );
    return found.rows;
  }

  /** Closes the gaps that were found before this epoch began; answers how many. */
  async close(epoch: number, by: string): Promise<number> {
    const done = await this.#db.query(
      `update sluice.gap set closed_at = clock_timestamp(), closed_by = $3
     where pipeline = $1 and closed_at is null and epoch < $2`,
      [this.#pipeline, epoch, by],
    );
    return done.rowCount ?? 0;
  }

  async capture(): Promise<CaptureRecord | null> {
    const found = await this.#db.query<
      Omit<CaptureRecord, 'confirmed' | 'stored'> & { confirmed: string | null; stored: string | null }
    >('select epoch, server, place, active, state, confirmed, stored from sluice.capture where pipeline = $1', [
      this.#pipeline,
    ]);
    const row = found.rows[0];
    if (!row) return null;
    const big = (text: string | null): bigint | null => (text === null ? null : BigInt(text));
    return { ...row, confirmed: big(row.confirmed), stored: big(row.stored) };
  }

  async keepCapture(seen: CaptureRecord): Promise<void> {
    await this.#db.query(
      `insert into sluice.capture (pipeline, epoch, server, place, active, state, confirmed, stored)
     values ($1, $2, $3, $4, $5, $6, $7, $8)
     on conflict (pipeline) do update set epoch = excluded.epoch, server = excluded.server, place = excluded.place,
       active = excluded.active, state = excluded.state, confirmed = excluded.confirmed, stored = excluded.stored,
       at = clock_timestamp()`,
      [
        this.#pipeline,
        seen.epoch,
        seen.server,
        seen.place,
        seen.active,
        seen.state,
        seen.confirmed === null ? null : String(seen.confirmed),
        seen.stored === null ? null : String(seen.stored),
      ],
    );
  }
}
