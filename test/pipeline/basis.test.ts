import { expect, test } from 'vitest';
import {
  contentHash,
  type DerivingTransaction,
  type Document,
  type DocumentWrite,
  type Flow,
  type JsonObject,
  type KnownDocument,
} from '../../src/core/index.ts';
import { deriveLocked } from '../../src/pipeline/derive.ts';

const document: Document = {
  target: 'dynamodb.list',
  id: '1',
  content: { list: ['b', 'a'] },
  basis: { list: ['a', 'b'] },
};

const flow: Flow = {
  name: 'lists',
  root: { group: 'list' },
  parts: [],
  targets: [],
  transform: () => ({ documents: [document], issues: [] }),
};

/** A ledger that knows one document by the hash of this. */
function ledgerThatKnows(hashed: JsonObject) {
  const written: DocumentWrite[] = [];
  const { target, id, content } = document;
  const hash = contentHash(hashed);
  const known: KnownDocument = { target, id, flow: 'lists', root: '1', revision: 3n, hash, gone: false, content };
  const tx: DerivingTransaction = {
    lock: async () => [],
    take: async () => [],
    aggregates: async () => new Map([['1', { key: '1', root: null, parts: {} }]]),
    pendingChanges: async () => new Map(),
    documentsOf: async () => [known],
    documentsById: async () => [],
    asOf: async () => '2026-03-13T09:00:00.000000Z',
    firstRevision: async () => 1n,
    writeState: async (_flow, writes) => {
      written.push(...writes);
      return [];
    },
    appendHistory: async () => {},
    changesRendered: async () => {},
    settle: async () => {},
    numbersOf: async () => [],
    mark: async () => undefined,
    deleteMarks: async () => {},
  };
  return { tx, written };
}

test.each([
  ['the same basis is not written, whatever its content', { list: ['a', 'b'] }, 0],
  ['another basis is written', { list: ['b', 'a'] }, 1],
])('a document of %s', async (_what, hashed, writes) => {
  const { tx, written } = ledgerThatKnows(hashed);
  await deriveLocked(tx, flow, [{ key: '1', markIds: [1n], sourceTime: '2026-03-13T08:00:00.000000Z' }]);
  expect(written).toHaveLength(writes);
});
