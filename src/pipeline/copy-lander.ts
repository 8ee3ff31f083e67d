import {
  type CopyBatch,
  type CopyFlow,
  comparePositions,
  isoOfMicros,
  type LandedTime,
  type LandingTransaction,
  type ParkedRecord,
  type RowChange,
  SluiceError,
} from '../core/index.ts';
import { Breaker } from './breaker.ts';
import { EpochNews } from './epoch-news.ts';
import { type Place, parkedRecord } from './land.ts';
import {
  type Change,
  type Lander,
  type LanderOptions,
  type Landing,
  NOTHING,
  newestTimestamp,
  type Step,
  timesOf,
  together,
} from './lander.ts';
import type { Decoder, PipelineContext, RawRecord, RowDecoder } from './ports.ts';
import { oneBehindTheOther } from './signal.ts';

interface Done {
  readonly written: number;
  readonly older: number;
  readonly parked: readonly ParkedRecord[];
}

/** Records read as far as needed to tell which change of each row is the newest. */
interface Taken {
  /** in the order of the log, cut where a change builds on an earlier one of the same batch */
  readonly segments: readonly ReadonlyMap<string, Change>[];
  readonly changes: readonly RowChange[];
  readonly parked: ParkedRecord[];
  readonly stale: number;
  readonly stop: SluiceError | null;
  readonly to: bigint;
  readonly logTimeMs: number | null;
  readonly times: readonly LandedTime[];
}

/**
 * Lands a table that is copied: of each row the newest change goes from the record's bytes straight into the target,
 * guarded by its position there, in the transaction that moves progress. Nothing else is kept of it.
 */
export class CopyLander implements Lander {
  readonly #place: Place;
  readonly #flow: CopyFlow;
  readonly #context: PipelineContext;
  readonly #decoder: Decoder;
  readonly #rows: RowDecoder;
  readonly #batch: CopyBatch;
  readonly #epochs = new EpochNews();
  readonly #breaker = new Breaker();
  readonly #options: Required<LanderOptions>;

  constructor(
    place: Place,
    flow: CopyFlow,
    context: PipelineContext,
    decoder: Decoder,
    options: Required<LanderOptions>,
  ) {
    this.#place = place;
    this.#flow = flow;
    this.#context = context;
    this.#decoder = decoder;
    this.#options = options;
    this.#rows = decoder.rows(place.topic, flow.copy);
    this.#batch = context.ledger.copyBatch(flow);
  }

  async land(records: readonly RawRecord[], to: bigint, step: Step | null): Promise<Landing> {
    const taken = await this.#take(records, to);
    const { parked, stop } = taken;
    if (step !== null && taken.to <= step.from) return { ...NOTHING, to: step.from, parked, stop };
    try {
      return await this.#write(taken, step);
    } catch (error) {
      if (!(error instanceof SluiceError) || error.disposition !== 'park') throw error;
      return this.#landInHalves(records, to, step, error);
    }
  }

  /** Some row of these is refused by the target: the others are landed without it. */
  async #landInHalves(
    records: readonly RawRecord[],
    to: bigint,
    step: Step | null,
    error: SluiceError,
  ): Promise<Landing> {
    const [only] = records;
    if (records.length === 1 && only) return this.#parkRefused(only, to, step, error);
    const middle = records.length >> 1;
    const cut = (records[middle] as RawRecord).offset;
    const first = await this.land(records.slice(0, middle), cut, step);
    if (first.stop) return first;
    const second = await this.land(records.slice(middle), to, step && { ...step, from: cut });
    return together(first, second);
  }

  async #parkRefused(raw: RawRecord, to: bigint, step: Step | null, error: SluiceError): Promise<Landing> {
    if (this.#breaker.take(error.code) !== null)
      throw new SluiceError('BREAKER_OPEN', `most rows of ${this.#flow.name} fail with ${error.code}`);
    const parked = [await parkedRecord(this.#decoder, this.#place, raw, error)];
    const logTimeMs = newestTimestamp([raw], to);
    return this.#write({ segments: [], changes: [], parked, stale: 0, stop: null, to, logTimeMs, times: [] }, step);
  }

  async #take(records: readonly RawRecord[], to: bigint): Promise<Taken> {
    const parked: ParkedRecord[] = [];
    const changes: Change[] = [];
    const takenUpTo = (offset: bigint, stop: SluiceError | null): Taken => {
      const { segments, stale } = segmentsOf(changes);
      const logTimeMs = newestTimestamp(records, offset);
      const rows = changes.map(({ row }) => row);
      return { segments, stale, changes: rows, parked, stop, to: offset, logTimeMs, times: timesOf(changes) };
    };
    for (const raw of records) {
      try {
        const answer = this.#rows.read(raw);
        const row = answer instanceof Promise ? await answer : answer;
        if (row.kind === 'row') changes.push({ row, raw });
        else if (row.kind === 'truncate')
          return takenUpTo(
            raw.offset,
            new SluiceError('TRUNCATED', `${this.#place.table} was truncated at the source`),
          );
      } catch (error) {
        const fault = asFault(error);
        if (fault.disposition === 'retry') throw fault;
        if (fault.disposition === 'halt') return takenUpTo(raw.offset, fault);
        parked.push(await parkedRecord(this.#decoder, this.#place, raw, fault));
      }
    }
    return takenUpTo(to, null);
  }

  async #write(taken: Taken, step: Step | null): Promise<Landing> {
    const { ledger, meter } = this.#context;
    const micros = taken.changes.map(({ sourceMicros }) => sourceMicros);
    const sourceTime = micros.length === 0 ? null : isoOfMicros(micros.reduce((x, y) => Math.max(x, y)));
    const news = this.#epochs.of(taken.changes);
    const done = await ledger.landing(async (tx) => {
      const doubted = await this.#doubted(tx, taken);
      const { parked, stop } = taken;
      const copying = async (): Promise<Done> => {
        const written = await this.#copy(tx, taken, doubted, step === null);
        if (parked.length === 0 && stop === null) await tx.closeParked(this.#options.again, 'tried again');
        for (const seen of news) await tx.observeEpoch(seen);
        return written;
      };
      if (step === null) return copying();
      // both go out at once, and both are over before the transaction is
      const move = { ...this.#place, ...step, to: taken.to, sourceTime, logTimeMs: taken.logTimeMs };
      const [isOurs, copied] = await oneBehindTheOther(tx.advance(move), copying());
      if (!isOurs) throw new SluiceError('FENCED', 'another worker has this partition');
      return copied;
    });
    this.#epochs.told(news);
    for (let n = Math.min(done.written, 100); n > 0; n--) this.#breaker.take(null);
    const labels = { pipeline: ledger.pipeline, flow: this.#flow.name };
    meter.count('sluice_documents_written_total', labels, done.written);
    const { parked, stop, to } = taken;
    const stale = taken.stale + done.older;
    const snapshotRows = taken.changes.filter(({ op }) => op === 'r').length;
    return {
      to,
      stop,
      parked: done.parked,
      stale,
      times: step === null ? [] : taken.times,
      streamed: step === null ? 0 : taken.changes.length - snapshotRows,
      snapshotRows,
      applied: taken.changes.length - stale - (done.parked.length - parked.length),
    };
  }

  async #copy(tx: LandingTransaction, taken: Taken, doubted: Map<string, bigint>, beside: boolean): Promise<Done> {
    const parked = [...taken.parked];
    const healed = new Map<string, bigint>();
    let [written, offered] = [0, 0];
    for (const segment of taken.segments) {
      this.#batch.clear();
      const partials = new Map<string, Change[]>();
      for (const change of segment.values()) {
        const { row, raw } = change;
        const fault = this.#fill(change, doubted, partials);
        if (fault) {
          parked.push(await this.#parkedChange(change, fault));
          doubted.set(row.key, raw.offset);
          continue;
        }
        offered += 1;
        // a complete image makes up for what was parked before it, not for what was parked after
        if (row.unsent.length > 0 || (doubted.get(row.key) ?? raw.offset) >= raw.offset) continue;
        doubted.delete(row.key);
        healed.set(row.key, raw.offset);
      }
      const copied = await tx.copy(this.#flow, this.#batch, beside);
      written += copied.written;
      for (const { unsent, row } of copied.unknown) {
        const change = partials.get(unsent.join())?.[row];
        if (!change) continue;
        offered -= 1;
        parked.push(await this.#parkedChange(change, unsentFault(unsent, this.#flow)));
      }
    }
    if (this.#options.parks) await tx.park(parked);
    await tx.heal(this.#place.table, healed);
    return { written, older: offered - written, parked };
  }

  /** Rows with a parked record: of an image that lacks large values they cannot be made. */
  async #doubted(tx: LandingTransaction, taken: Taken): Promise<Map<string, bigint>> {
    const doubted = new Map<string, bigint>();
    const { table } = this.#place;
    if (taken.changes.length > 0 && (await tx.hasParked(table))) {
      const keys = [...new Set(taken.changes.map(({ key }) => key))];
      // what is parked already came earlier than anything of this batch
      for (const key of await tx.openParked(table, keys)) doubted.set(key, -1n);
    }
    for (const { key, offset } of taken.parked) doubted.set(key, offset);
    return doubted;
  }

  /** Answers why the change cannot be copied, if it cannot. */
  #fill(
    { row, raw }: Change,
    doubted: ReadonlyMap<string, bigint>,
    partials: Map<string, Change[]>,
  ): SluiceError | null {
    if (row.unsent.length > 0 && doubted.has(row.key)) return unsentFault(row.unsent, this.#flow);
    const whole = row.unsent.length === 0;
    const rows = row.op === 'd' ? this.#batch.gone : whole ? this.#batch.whole : this.#batch.partial(row.unsent);
    try {
      if (row.op === 'd') row.writeKey(rows);
      else row.writeRow(rows);
      rows.end(row.position);
    } catch (error) {
      rows.undo();
      return asFault(error);
    }
    if (!whole) {
      const name = row.unsent.join();
      const list = partials.get(name) ?? [];
      list.push({ row, raw });
      partials.set(name, list);
    }
    return null;
  }

  #parkedChange({ row, raw }: Change, fault: SluiceError): Promise<ParkedRecord> {
    return parkedRecord({ decodeKey: async () => row.key }, this.#place, raw, fault);
  }
}

/** The newest change of each row; one that lacks large values does not replace an earlier one but comes after it. */
function segmentsOf(changes: readonly Change[]): { segments: ReadonlyMap<string, Change>[]; stale: number } {
  let segment = new Map<string, Change>();
  const segments = [segment];
  let stale = 0;
  for (const change of changes) {
    const { row } = change;
    const before = segment.get(row.key);
    if (before && comparePositions(row.position, before.row.position) <= 0) {
      stale += 1;
      continue;
    }
    if (before && row.unsent.length > 0) {
      segment = new Map();
      segments.push(segment);
    }
    segment.set(row.key, change);
  }
  return { segments: segments.filter(({ size }) => size > 0), stale };
}

function unsentFault(unsent: readonly number[], flow: CopyFlow): SluiceError {
  const columns = unsent.map((at) => flow.copy[at]?.from).join(', ');
  return new SluiceError('TOAST_VALUE_UNKNOWN', 'a large value was not sent and is not at the target', {
    context: { columns },
  });
}

const asFault = (error: unknown): SluiceError =>
  error instanceof SluiceError ? error : new SluiceError('INTERNAL', 'decoding failed', { cause: error });
