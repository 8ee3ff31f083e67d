import { type CopyOptions, copyFlow, type Image, type Migration } from '../../src/core/index.ts';

/** One table of every type that can be copied, renamed in one column. */
export const COPIED_TABLE = 'public.thing';

export const COPIED_SQL = `
create table thing (id bigint primary key, label text, amount numeric(12,2), at timestamptz, born date,
  ratio double precision, ok boolean, small smallint, whole integer, token uuid, doc jsonb, big text);
`;

export const COPY: CopyOptions = {
  name: 'things',
  table: COPIED_TABLE,
  key: ['id'],
  target: 'copied.thing',
  columns: {
    id: 'bigint',
    name: ['label', 'text'],
    amount: 'numeric',
    at: 'timestamptz',
    born: 'date',
    ratio: 'double precision',
    ok: 'boolean',
    small: 'smallint',
    whole: 'integer',
    token: 'uuid',
    doc: 'jsonb',
    big: 'text',
  },
};

export const thingFlow = copyFlow(COPY);

export const copied: Migration = {
  name: 'copied',
  tables: [{ name: COPIED_TABLE, key: ['id'], links: {} }],
  flows: [thingFlow],
  targetSchemas: ['copied'],
};

/** A row as Debezium shows it with our connector's settings. */
export const thing = (id: number, rest: Image = {}): Image => ({
  id,
  name: `thing ${id}`,
  amount: '12.50',
  at: '2026-01-02T03:04:05.678901Z',
  born: 20_454,
  ratio: 0.25,
  ok: true,
  small: -7,
  whole: 70_000,
  token: '6f1d6a52-5f0e-5d0c-9c3a-7a1f6f0f2c11',
  doc: '{"a":[1,2]}',
  big: 'x'.repeat(40),
  ...rest,
});

export interface ThingChange {
  readonly op: 'c' | 'u' | 'd' | 'r';
  readonly id: number;
  readonly after?: Image;
  readonly a?: bigint;
  readonly b: bigint;
  readonly txId?: bigint | null;
  readonly snapshot?: string;
}

/** The change as the JSON converter writes it. */
export function asRecord(change: ThingChange, offset: bigint) {
  const { op, id, after, a = change.b - 5n, b, txId = b, snapshot = 'false' } = change;
  const source = {
    sequence: JSON.stringify([String(a), String(b)]),
    txId: txId === null ? null : Number(txId),
    snapshot,
  };
  const envelope = {
    op,
    before: op === 'd' ? { id } : null,
    after: op === 'd' ? null : (after ?? thing(id)),
    source: { ...source, ts_us: 1_767_225_600_000_000 + Number(b) },
  };
  return {
    offset,
    timestampMs: 0,
    key: Buffer.from(JSON.stringify({ id })),
    value: Buffer.from(JSON.stringify(envelope)),
    headers: { 'sluice.epoch': '1' },
  };
}
