import { expect, test } from 'vitest';
import type {
  Aggregate,
  DerivingTransaction,
  DocumentRef,
  DocumentWrite,
  Flow,
  KnownDocument,
  LandedRow,
  RecordedChange,
} from '../../src/core/index.ts';
import { deriveLocked } from '../../src/pipeline/derive.ts';

const flow: Flow = {
  name: 'things',
  root: { table: 'public.thing' },
  parts: [{ name: 'notes', table: 'public.note', link: 'thing', from: { part: 'root', link: 'key' } }],
  targets: [{ kind: 'postgres', name: 'mini.thing_change', key: ['id'], mode: 'append' }],
  transform: () => ({ documents: [], issues: [] }),
  history: ({ entry }) => [{ target: 'mini.thing_change', id: entry, content: { id: entry } }],
};

const landed: LandedRow = {
  table: 'public.thing',
  key: 't1',
  image: {},
  deleted: false,
  sourceTime: '2026-03-01T08:00:00.000Z',
  lsn: '7',
};
const change: RecordedChange = { ...landed, entry: '1:1:7', op: 'c', before: null, after: {} };

/** What a derivation appended and called rendered, of a root that is as `root` says when its aggregate is read. */
async function derived(root: LandedRow | null, isOn?: (kind: string) => boolean) {
  const seen = { appended: [] as string[], rendered: [] as string[], waitingFor: [] as DocumentRef[], unmarked: 0 };
  const aggregate: Aggregate = { key: 't1', root, parts: { notes: [] } };
  const tx: DerivingTransaction = {
    lock: async () => [],
    take: async () => [],
    aggregates: async () => new Map([['t1', aggregate]]),
    pendingChanges: async () => new Map([['t1', [change]]]),
    documentsOf: async () => [],
    documentsById: async () => [],
    asOf: async () => '2026-03-01T08:00:00.000Z',
    firstRevision: async () => 1n,
    writeState: async () => [],
    appendHistory: async (_flow, writes) => {
      seen.appended.push(...writes.map(({ document }) => document.id));
    },
    changesRendered: async (_table, changes) => {
      seen.rendered.push(...changes.map(({ entry }) => entry));
    },
    settle: async (_flow, verdicts) => {
      seen.waitingFor.push(...verdicts.flatMap(({ state, needs }) => (state === 'waiting' ? needs : [])));
    },
    numbersOf: async () => [],
    mark: async () => undefined,
    deleteMarks: async (ids) => {
      seen.unmarked += ids.length;
    },
  };
  const locked = [{ key: 't1', markIds: [1n], sourceTime: landed.sourceTime }];
  const switches = isOn && { isOn: async (kind: string) => isOn(kind) };
  await deriveLocked(tx, { ...flow, switchedBy: () => 'kit' }, locked, { switches });
  return seen;
}

test('a change is called rendered when its entry is appended', async () => {
  expect(await derived(landed)).toMatchObject({ appended: ['1:1:7'], rendered: ['1:1:7'] });
});

test('what is switched off waits, its changes still to be rendered, and is written when it is on', async () => {
  const waiting = { appended: [], rendered: [], waitingFor: [{ target: 'switch', id: 'kit' }], unmarked: 1 };
  expect(await derived(landed, (kind) => kind !== 'kit')).toEqual(waiting);
  const written = { appended: ['1:1:7'], rendered: ['1:1:7'], waitingFor: [], unmarked: 1 };
  expect(await derived(landed, (kind) => kind === 'kit')).toEqual(written);
});

test('a change that lands between the reading of the aggregate and of the changes is left for the next derivation', async () => {
  expect(await derived(null)).toMatchObject({ appended: [], rendered: [] });
});

test('a document that its former root gives up in the same moment is written above what that left', async () => {
  const written: DocumentWrite[] = [];
  const id = { target: 'mini.notes', id: 'n1' };
  const before = { ...id, flow: 'notes', root: 'other', hash: 'x', content: null };
  const found: KnownDocument[] = [
    { ...before, revision: 5n, gone: false },
    { ...before, revision: 6n, gone: true },
  ];
  const mover: Flow = {
    name: 'notes',
    root: { group: 'owner' },
    parts: [],
    targets: [{ kind: 'postgres', name: 'mini.notes', key: ['id'], mode: 'state' }],
    transform: () => ({ documents: [{ ...id, content: { text: 'moved' } }], issues: [] }),
  };
  const tx: DerivingTransaction = {
    lock: async () => [],
    take: async () => [],
    aggregates: async () => new Map([['t1', { key: 't1', root: null, parts: {} }]]),
    pendingChanges: async () => new Map(),
    documentsOf: async () => [],
    documentsById: async (refs) => (refs.length === 0 ? [] : found.splice(0, 1)),
    asOf: async () => '2026-03-01T08:00:00.000Z',
    firstRevision: async () => 1n,
    writeState: async (_flow, writes) => {
      written.push(...writes);
      return writes.filter(({ revision }) => revision <= 6n);
    },
    appendHistory: async () => undefined,
    changesRendered: async () => undefined,
    settle: async () => undefined,
    numbersOf: async () => [],
    mark: async () => undefined,
    deleteMarks: async () => undefined,
  };
  await deriveLocked(tx, mover, [{ key: 't1', markIds: [1n], sourceTime: landed.sourceTime }]);
  expect(written.map(({ revision, root }) => [revision, root])).toEqual([
    [6n, 't1'],
    [7n, 't1'],
  ]);
});
