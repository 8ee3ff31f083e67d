import { type Log, SluiceError } from '../../core/index.ts';
import { classify } from '../../sinks/postgres/index.ts';

/** What failed, with why, by the flow it was done for; '' is for none or for all. */
export type Failed = ReadonlyMap<string, SluiceError>;

/** Some of the work failed; the rest of it was done. Its code is that of the first failure. */
export class PartlyFailed extends SluiceError {
  readonly failed: Failed;

  constructor(failed: Failed) {
    const all = [...failed];
    const first = all[0]?.[1] ?? new SluiceError('INTERNAL', 'nothing has failed');
    const said = all.map(([flow, { message }]) => (flow === '' ? message : `${flow}: ${message}`));
    super(first.code, said.join('; '), { cause: first.cause, context: first.context });
    this.failed = failed;
  }
}

/** A failure as one of ours. A fault of a program keeps its stack, which holds no value of a row. */
export function asFailure(error: unknown): SluiceError {
  if (error instanceof SluiceError) return error;
  const hasCode = error instanceof Error && 'code' in error && typeof error.code === 'string';
  return hasCode ? classify(error) : new SluiceError('INTERNAL', 'a fault of Sluice itself', { cause: error });
}

/** Does pieces of work, one of which may fail without the others. */
export class Apart {
  readonly #failed = new Map<string, SluiceError>();

  get failed(): Failed {
    return this.#failed;
  }

  /** Does one piece; answers whether it was done. */
  async do(flow: string, work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      this.blame([flow], asFailure(error));
      return false;
    }
  }

  /** The first failure of a flow is the one that is told. */
  blame(flows: Iterable<string>, why: SluiceError): void {
    for (const flow of flows) if (!this.#failed.has(flow)) this.#failed.set(flow, why);
  }

  /** Throws PartlyFailed unless all was done. */
  settle(): void {
    if (this.#failed.size > 0) throw new PartlyFailed(this.#failed);
  }
}

/**
 * Tells of failures of what is tried again and again: once when something begins to fail or fails in another way, and once
 * when it is over.
 */
export class Troubles {
  readonly #log: Log;
  readonly #now = new Map<string, Map<string, string>>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** Does some work, whatever comes of it. */
  async patient(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.#tell(what, new Map());
    } catch (error) {
      this.#tell(what, error instanceof PartlyFailed ? error.failed : new Map([['', asFailure(error)]]));
    }
  }

  #tell(what: string, failed: Failed): void {
    const before = this.#now.get(what) ?? new Map<string, string>();
    this.#now.set(what, new Map([...failed].map(([flow, { code }]) => [flow, code])));
    for (const [flow, { code, cause }] of failed) {
      if (before.get(flow) === code) continue;
      const of = flow === '' ? { code } : { flow, code };
      this.#log.warn(`${what} failed, tried again later`, of);
      if (code === 'INTERNAL') this.#log.error(what, of, cause);
    }
    for (const flow of before.keys())
      if (!failed.has(flow)) this.#log.info(`${what} works again`, flow === '' ? {} : { flow });
  }
}
