import type { Image, LandedBefore, LandedState } from '../../core/index.ts';
import { bigints, booleans, integers, texts } from './arrays.ts';
import { type LandedTable, linkColumn } from './landed-tables.ts';
import type { Queryable } from './sql.ts';

export interface LandedRecord {
  key: string;
  /** JSON text */
  image: string | null;
  deleted: boolean;
  epoch: number;
  phase: 0 | 1;
  a: string;
  b: string;
  tx_id: string | null;
  kafka_offset: string;
  source_time: string;
  [link: `l_${string}`]: string | null;
}

/** The columns every read of a landed table asks for. `image`: what gives the image, null where none is wanted. */
export const landedColumns = (table: LandedTable, image = 'image'): string =>
  ['key', image, 'deleted', 'epoch', 'phase', 'a', 'b', 'tx_id', 'kafka_offset', 'source_time']
    .concat(table.links.map(linkColumn))
    .join(', ');

/** The state of a row read with its image. */
export function landedState(table: LandedTable, row: LandedRecord): LandedState {
  const before = landedBefore(table, row);
  return { ...before, image: before.image ?? {} };
}

const imageOf = (row: LandedRecord): Image | null => (row.image === null ? null : (JSON.parse(row.image) as Image));

export function landedBefore(table: LandedTable, row: LandedRecord): LandedBefore {
  return {
    table: table.name,
    key: row.key,
    image: imageOf(row),
    deleted: row.deleted,
    sourceTime: row.source_time,
    lsn: row.b,
    links: Object.fromEntries(table.links.map((link) => [link, row[`l_${link}`] ?? null])),
    position: {
      epoch: row.epoch,
      phase: row.phase,
      a: BigInt(row.a),
      b: BigInt(row.b),
      txId: row.tx_id === null ? null : BigInt(row.tx_id),
      offset: BigInt(row.kafka_offset),
    },
  };
}

const TYPES = 'text text boolean integer integer bigint bigint bigint bigint text'.split(' ');
const COLUMNS = ['key', 'image', 'deleted', 'epoch', 'phase', 'a', 'b', 'tx_id', 'kafka_offset', 'source_time'];

/** Writes rows of a landed table; `keep` leaves a row that is there alone. Answers how many were written. */
export async function saveRows(
  db: Queryable,
  table: LandedTable,
  rows: readonly LandedState[],
  onConflict: 'replace' | 'keep',
): Promise<number> {
  if (rows.length === 0) return 0;
  const positions = rows.map((row) => row.position);
  const values: Buffer[] = [
    texts(rows.map((row) => row.key)),
    texts(rows.map((row) => JSON.stringify(row.image))),
    booleans(rows.map((row) => row.deleted)),
    integers(positions.map(({ epoch }) => epoch)),
    integers(positions.map(({ phase }) => phase)),
    bigints(positions.map(({ a }) => a)),
    bigints(positions.map(({ b }) => b)),
    bigints(positions.map(({ txId }) => txId)),
    bigints(positions.map(({ offset }) => offset)),
    texts(rows.map((row) => row.sourceTime)),
    ...table.links.map((link) => texts(rows.map((row) => row.links[link] ?? null))),
  ];
  const statement = { name: `save_${onConflict}_${table.digest}`, text: saveStatement(table, onConflict) };
  return (await db.query(statement, values)).rowCount ?? 0;
}

function saveStatement(table: LandedTable, onConflict: 'replace' | 'keep'): string {
  const columns = [...COLUMNS, ...table.links.map(linkColumn)];
  const types = [...TYPES, ...table.links.map(() => 'text')];
  const arrays = types.map((type, i) => `$${i + 1}::${type}[]`).join(', ');
  const picked = columns.map((_, i) => `u.c${i + 1}`).join(', ');
  const names = columns.map((_, i) => `c${i + 1}`).join(', ');
  const updates = columns.slice(1).map((column) => `${column} = excluded.${column}`);
  return `insert into ${table.sql} (${columns.join(', ')}) select ${picked} from unnest(${arrays}) as u(${names})
     on conflict (key) do ${onConflict === 'keep' ? 'nothing' : `update set ${updates.join(', ')}`}`;
}
