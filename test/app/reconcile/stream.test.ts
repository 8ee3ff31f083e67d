import { expect, it, vi } from 'vitest';
import { PartlyFailed } from '../../../src/app/reconcile/apart.ts';
import { StreamEngine } from '../../../src/app/reconcile/stream.ts';
import { SluiceError, type TargetReader, topicOf } from '../../../src/core/index.ts';
import type { Decoder, LogClient, RecordBatch } from '../../../src/pipeline/index.ts';
import { fakeFlow, fakeReconciling, rightPair } from '../../support/fake-reconciling.ts';

const signal = new AbortController().signal;

it('looks at what other flows make where a target is away, and at the rest when it is back', async () => {
  let isAway = true;
  const fhir: TargetReader = {
    pairs: async (_, wanted) => {
      if (isAway) throw new SluiceError('TARGET_UNAVAILABLE', 'the FHIR server answers 503');
      return wanted.map(rightPair);
    },
    ids: () => null,
  };
  const { parts } = fakeReconciling({ flows: [fakeFlow('a', true), fakeFlow('b')], roots: ['1'], fhir });
  let give: (batch: RecordBatch) => void = () => undefined;
  const resumed: string[] = [];
  const client = {
    offsets: async () => [],
    run: async (onBatch: typeof give) => {
      give = onBatch;
    },
    pause: () => undefined,
    resume: (topic: string) => void resumed.push(topic),
  } as unknown as LogClient;
  const decoder = { decodeKey: async () => '1' } as unknown as Decoder;
  const stream = new StreamEngine(parts, client, decoder);
  await stream.start();
  for (const table of ['public.a', 'public.b']) {
    const records = [{ offset: 0n, value: Buffer.from('') }];
    give({ topic: topicOf('m', table), partition: 0, fetchedFrom: 0n, records } as unknown as RecordBatch);
  }
  await vi.waitFor(() => expect(resumed).toHaveLength(2));
  const failed = await stream.round(signal).catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(PartlyFailed);
  expect([...(failed as PartlyFailed).failed.keys()]).toEqual(['a']);
  // the table of one and the table of the other
  expect(stream.figures).toMatchObject({ rows: 2, compared: 2, waiting: 1 });
  isAway = false;
  await stream.round(signal);
  expect(stream.figures).toMatchObject({ compared: 4, waiting: 0 });
});
