import type { DocumentRef, DocumentWrite, Flow, JsonObject, KnownDocument } from '../../core/index.ts';
import { bigints, booleans, hexes, texts } from './arrays.ts';
import type { LedgerContext } from './context.ts';
import type { Queryable } from './sql.ts';

interface DocumentRecord {
  target: string;
  id: string;
  flow: string;
  root: string;
  revision: string;
  hash: string;
  gone: boolean;
  content: JsonObject | null;
}

const COLUMNS = ['target', 'id', 'flow', 'root', 'revision', "encode(hash, 'hex') as hash", 'gone', 'content'].join(
  ', ',
);

const known = (row: DocumentRecord): KnownDocument => ({ ...row, revision: BigInt(row.revision) });

/** The state documents that these roots own. */
export async function documentsOf(
  db: Queryable,
  context: LedgerContext,
  flow: Flow,
  roots: readonly string[],
): Promise<readonly KnownDocument[]> {
  if (roots.length === 0) return [];
  const appended = flow.targets.filter((target) => target.mode === 'append').map((target) => target.name);
  const found = await db.query<DocumentRecord>(
    `select ${COLUMNS} from sluice.document
     where pipeline = $1 and flow = $2 and root = any($3::text[]) and not target = any($4)`,
    [context.pipeline, flow.name, texts(roots), appended],
  );
  return found.rows.map(known);
}

export async function documentsById(
  db: Queryable,
  context: LedgerContext,
  refs: readonly DocumentRef[],
): Promise<readonly KnownDocument[]> {
  if (refs.length === 0) return [];
  const found = await db.query<DocumentRecord>(
    `select ${COLUMNS} from sluice.document
     join unnest($2::text[], $3::text[]) as u(of_target, of_id) on target = u.of_target and id = u.of_id
     where pipeline = $1`,
    [context.pipeline, texts(refs.map((ref) => ref.target)), texts(refs.map((ref) => ref.id))],
  );
  return found.rows.map(known);
}

/** Records what is to be written and answers those that are newer than what is recorded. */
export async function recordDocuments(
  db: Queryable,
  context: LedgerContext,
  flow: Flow,
  writes: readonly DocumentWrite[],
): Promise<readonly DocumentWrite[]> {
  if (writes.length === 0) return [];
  const text = insertion(`update set flow = excluded.flow, root = excluded.root, revision = excluded.revision,
        hash = excluded.hash, gone = excluded.gone, written_at = clock_timestamp(), content = excluded.content,
        stamps = coalesce(excluded.stamps, document.stamps),
        acked = case when excluded.content is null then excluded.revision else document.acked end
      where document.revision < excluded.revision`);
  const done = await db.query({ name: 'record_documents', text }, values(context, flow, inOrder(writes)));
  return done.rowCount === writes.length ? writes : recorded(db, context, writes);
}

/** Records entries of a history and answers the new ones. */
export async function recordEntries(
  db: Queryable,
  context: LedgerContext,
  flow: Flow,
  writes: readonly DocumentWrite[],
): Promise<readonly DocumentWrite[]> {
  if (writes.length === 0) return [];
  const won = await db.query<{ target: string; id: string }>(
    `${insertion('nothing')} returning target, id`,
    values(context, flow, inOrder(writes)),
  );
  return among(writes, won.rows);
}

/** Asked for only when some did not win: an answer for each row would cost more than all the rest. */
async function recorded(
  db: Queryable,
  context: LedgerContext,
  writes: readonly DocumentWrite[],
): Promise<readonly DocumentWrite[]> {
  const found = await db.query<{ target: string; id: string }>(
    `select d.target, d.id
     from unnest($2::text[], $3::text[], $4::text[], $5::bigint[], $6::bytea[]) as u(target, id, root, revision, hash)
     join sluice.document d on d.pipeline = $1 and d.target = u.target and d.id = u.id
     where d.root = u.root and d.revision = u.revision and d.hash = u.hash`,
    [
      context.pipeline,
      texts(writes.map((write) => write.document.target)),
      texts(writes.map((write) => write.document.id)),
      texts(writes.map((write) => write.root)),
      bigints(writes.map((write) => write.revision)),
      hexes(writes.map((write) => write.hash)),
    ],
  );
  return among(writes, found.rows);
}

/** Everybody locks documents in one order; they nearly are in it, and so it is made here. */
const inOrder = (writes: readonly DocumentWrite[]): readonly DocumentWrite[] =>
  writes.toSorted(({ document: x }, { document: y }) => compare(x.target, y.target) || compare(x.id, y.id));

const compare = (x: string, y: string): number => (x < y ? -1 : x > y ? 1 : 0);

const among = (writes: readonly DocumentWrite[], refs: readonly DocumentRef[]): readonly DocumentWrite[] => {
  const winners = new Set(refs.map((ref) => `${ref.target}\u001f${ref.id}`));
  return writes.filter(({ document }) => winners.has(`${document.target}\u001f${document.id}`));
};

const insertion = (onConflict: string): string =>
  `insert into sluice.document (pipeline, flow, target, id, root, revision, hash, gone, content, stamps, acked)
   select $1, $2, u.target, u.id, u.root, u.revision, u.hash, u.gone, u.content::jsonb, u.stamps::jsonb,
     case when u.content is null then u.revision end
   from unnest($3::text[], $4::text[], $5::text[], $6::bigint[], $7::bytea[], $8::boolean[], $9::text[], $10::text[])
     as u(target, id, root, revision, hash, gone, content, stamps)
   on conflict (pipeline, target, id) do ${onConflict}`;

function values(context: LedgerContext, flow: Flow, writes: readonly DocumentWrite[]): unknown[] {
  const isRemote = new Map(flow.targets.map(({ name, kind }) => [name, kind !== 'postgres']));
  const contentOf = ({ document }: DocumentWrite): string | null =>
    isRemote.get(document.target) ? JSON.stringify(document.content) : null;
  // a retired document says nothing of them: it keeps what it had
  const stampsOf = ({ document }: DocumentWrite): string | null =>
    document.stamps && isRemote.get(document.target) ? JSON.stringify(document.stamps) : null;
  return [
    context.pipeline,
    flow.name,
    texts(writes.map((write) => write.document.target)),
    texts(writes.map((write) => write.document.id)),
    texts(writes.map((write) => write.root)),
    bigints(writes.map((write) => write.revision)),
    hexes(writes.map((write) => write.hash)),
    booleans(writes.map((write) => write.gone)),
    texts(writes.map(contentOf)),
    texts(writes.map(stampsOf)),
  ];
}
