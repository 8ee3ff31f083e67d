import type { SluiceError } from '../core/index.ts';
import type { OpenPipeline } from './pipeline.ts';

/** What a long-running process has opened, and how it ends. */
export interface Lifetime {
  /** closed at the end, the newest first */
  closes(close: () => Promise<void>): void;
  closeAll(): Promise<void>;
  /** Ends it by itself; the first call counts. */
  end(fatal: SluiceError | null): void;
  /** null: asked to end; an error: cannot go on */
  readonly ended: Promise<SluiceError | null>;
}

export function lifetime(): Lifetime {
  const closing: (() => Promise<void>)[] = [];
  let end: Lifetime['end'] = () => undefined;
  const ended = new Promise<SluiceError | null>((resolve) => {
    end = resolve;
  });
  return {
    closes: (close) => void closing.push(close),
    async closeAll() {
      // what fails to close is no reason to leave the rest open
      for (const close of closing.reverse()) await close().catch(() => undefined);
    },
    end,
    ended,
  };
}

/** The work of ending is done once, however often it is asked for. */
export function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | null = null;
  return () => {
    done ??= work();
    return done;
  };
}

export const ledgerAnswers = ({ pool }: OpenPipeline): Promise<boolean> =>
  pool.query('select 1').then(
    () => true,
    () => false,
  );
