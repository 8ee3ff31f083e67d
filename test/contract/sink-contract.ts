import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Delivery, JsonObject, Sink } from '../../src/core/index.ts';

export interface SinkUnderTest {
  readonly sink: Sink;
  readonly target: string;
  /** an identity nobody has used before */
  freshId(): string;
  /** a legal document of the target; equal texts make equal content */
  content(id: string, text: string): JsonObject;
  /** one the target can never take, null when it takes everything */
  impossible(id: string): JsonObject | null;
  close(): Promise<void>;
}

/** What every sink promises, whatever store is behind it. See `Sink` in core. */
export function sinkContract(name: string, open: () => Promise<SinkUnderTest>): void {
  describe(`${name} keeps the promises of a sink`, () => {
    let under: SinkUnderTest;
    beforeAll(async () => {
      under = await open();
    });
    afterAll(() => under.close());

    const delivery = (id: string, revision: bigint, text: string, etag: string | null = null): Delivery => {
      return { target: under.target, id, revision, content: under.content(id, text), etag };
    };
    const held = async (id: string) => (await under.sink.read(under.target, [id]))[0];
    const kinds = async (batch: readonly Delivery[]) => (await under.sink.deliver(batch)).map(({ kind }) => kind);

    it('proves that its server honours the guards', () => under.sink.probe());

    it('holds what it was given, with its revision', async () => {
      const id = under.freshId();
      expect(await kinds([delivery(id, 1n, 'first')])).toEqual(['applied']);
      expect(await held(id)).toEqual({ id, revision: 1n, content: under.content(id, 'first') });
    });

    it('answers in the order it was asked, whatever order it works in', async () => {
      const ids = [under.freshId(), under.freshId(), under.freshId()].sort().reverse();
      await under.sink.deliver([delivery(ids[1] as string, 9n, 'newer')]);
      expect(await kinds(ids.map((id) => delivery(id, 5n, 'five')))).toEqual(['applied', 'superseded', 'applied']);
    });

    it('takes the same delivery twice for one', async () => {
      const id = under.freshId();
      const [first] = await under.sink.deliver([delivery(id, 3n, 'once')]);
      const [again] = await under.sink.deliver([delivery(id, 3n, 'once')]);
      expect(again).toMatchObject({ etag: first && 'etag' in first ? first.etag : undefined });
      expect(['applied', 'superseded']).toContain(again?.kind);
    });

    it('never lets a lower revision replace a higher one', async () => {
      const id = under.freshId();
      await under.sink.deliver([delivery(id, 8n, 'new')]);
      expect(await kinds([delivery(id, 7n, 'old')])).toEqual(['superseded']);
      expect((await held(id))?.content).toEqual(under.content(id, 'new'));
    });

    it('replaces a lower revision, knowing its version or not', async () => {
      const id = under.freshId();
      const [first] = await under.sink.deliver([delivery(id, 1n, 'one')]);
      const etag = first && 'etag' in first ? first.etag : null;
      expect(await kinds([delivery(id, 2n, 'two', etag)])).toEqual(['applied']);
      // the version known is now an old one
      expect(await kinds([delivery(id, 3n, 'three', etag)])).toEqual(['applied']);
      expect(await kinds([delivery(id, 4n, 'four')])).toEqual(['applied']);
      expect(await held(id)).toEqual({ id, revision: 4n, content: under.content(id, 'four') });
    });

    it('ends with the newest of many that come at once', async () => {
      const id = under.freshId();
      const all = [4, 1, 7, 3, 8, 2, 6, 5].map((n) => delivery(id, BigInt(n), `number ${n}`));
      let open = all;
      for (let round = 0; open.length > 0 && round < 20; round += 1) {
        const outcomes = await Promise.all(open.map((one) => under.sink.deliver([one])));
        open = open.filter((_, i) => outcomes[i]?.[0]?.kind === 'retry');
      }
      expect(open).toEqual([]);
      expect(await held(id)).toEqual({ id, revision: 8n, content: under.content(id, 'number 8') });
    });

    it('lets a batch of many through at once', async () => {
      const ids = Array.from({ length: 70 }, () => under.freshId());
      const outcomes = await kinds(ids.map((id, i) => delivery(id, 1n, `one of many ${i}`)));
      expect(new Set(outcomes)).toEqual(new Set(['applied']));
      expect(await under.sink.read(under.target, ids)).toHaveLength(70);
    });

    it('parks what can never be taken, and lets the others of its batch through', async () => {
      const ids = [under.freshId(), under.freshId(), under.freshId()];
      const impossible = under.impossible(ids[1] as string);
      if (impossible === null) return;
      const batch = ids.map((id) => delivery(id, 1n, 'good'));
      batch[1] = { ...(batch[1] as Delivery), content: impossible };
      expect(await kinds(batch)).toEqual(['applied', 'park', 'applied']);
      expect(await held(ids[2] as string)).toBeDefined();
      expect(await held(ids[1] as string)).toBeUndefined();
    });

    it('knows nothing of what it was never given', async () => {
      expect(await under.sink.read(under.target, [under.freshId()])).toEqual([]);
    });
  });
}
