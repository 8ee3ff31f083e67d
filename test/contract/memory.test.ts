import { randomUUID } from 'node:crypto';
import { createMemorySink } from '../../src/sinks/memory/index.ts';
import { sinkContract } from './sink-contract.ts';

sinkContract('memory', async () => ({
  sink: createMemorySink(),
  target: 'intake.patient',
  freshId: randomUUID,
  content: (id, text) => ({ id, text }),
  impossible: () => null,
  close: async () => undefined,
}));
