import type { Aggregate, ChangeEvent, Document, Flow, Image, Migration } from '../../src/core/index.ts';
import { movesOf, SluiceError } from '../../src/core/index.ts';

const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);

const parentFlow: Flow = {
  name: 'parents',
  root: { table: 'public.parent' },
  parts: [],
  targets: [{ kind: 'postgres', name: 'mini.parent', key: ['id'], mode: 'state' }],
  transform: ({ key, root }) => {
    if (root?.image.name === 'bad') throw new SluiceError('ROW_INVALID', 'name is not allowed');
    const gone = root?.deleted === true;
    const content = { id: key, name: text(root?.image.name), deleted: gone };
    return { documents: [{ target: 'mini.parent', id: key, content }], issues: [] };
  },
};

const tags = (image: Image): string[] => (Array.isArray(image.tags) ? image.tags.map(String) : []);

const childFlow: Flow = {
  name: 'children',
  root: { table: 'public.child' },
  parts: [{ name: 'parent', table: 'public.parent', link: 'key', from: { part: 'root', link: 'parent' } }],
  targets: [
    { kind: 'postgres', name: 'mini.child', key: ['id'], mode: 'state' },
    { kind: 'postgres', name: 'mini.child_tag', key: ['child_id', 'tag'], mode: 'state' },
    { kind: 'postgres', name: 'mini.child_change', key: ['id'], mode: 'append' },
    { kind: 'fhir', name: 'fhir.Basic', resourceType: 'Basic', mode: 'state' },
  ],
  transform: ({ key, root, parts }: Aggregate) => {
    const parent = parts.parent?.[0];
    if (!parent) return { documents: [], issues: [], waitingFor: 'parent' };
    const image = root?.image ?? {};
    const needs = [{ target: 'mini.parent', id: parent.key }];
    const parentName = text(parent.image.name);
    const content = { id: key, parent_id: parent.key, parent_name: parentName, note: text(image.note) };
    const documents: Document[] = [
      { target: 'mini.child', id: key, content: { ...content, deleted: root?.deleted === true }, needs },
      ...tags(image).map((tag) => ({
        target: 'mini.child_tag',
        id: JSON.stringify([key, tag]),
        content: { child_id: key, tag },
      })),
      { target: 'fhir.Basic', id: key, content: { resourceType: 'Basic', id: key, code: { text: parentName ?? '?' } } },
    ];
    return { documents, issues: [] };
  },
  history: (change) => [
    {
      target: 'mini.child_change',
      id: `${change.key}/${change.entry}`,
      content: {
        id: `${change.key}/${change.entry}`,
        child_id: change.key,
        op: change.op,
        note: text(change.after.note),
      },
    },
  ],
};

/** All children sharing an owner make one document; an owner that lost its last child points at where it went. */
const ownerFlow: Flow = {
  name: 'owners',
  root: { group: 'owner' },
  parts: [
    { name: 'children', table: 'public.child', link: 'owner', from: { part: 'root', link: 'key' } },
    { name: 'left', table: movesOf('public.child', 'owner'), link: 'from', from: { part: 'root', link: 'key' } },
  ],
  targets: [{ kind: 'postgres', name: 'mini.owner', key: ['id'], mode: 'state' }],
  transform: ({ key, parts }) => {
    const live = (parts.children ?? []).filter((child) => !child.deleted);
    const last = parts.left?.at(-1);
    const movedTo = live.length === 0 && last ? text(last.image.to) : null;
    const content = { id: key, children: live.length, moved_to: movedTo };
    return { documents: [{ target: 'mini.owner', id: key, content }], issues: [] };
  },
};

/** A made-up migration that uses every feature of a declaration on three columns. */
export const mini: Migration = {
  name: 'mini',
  tables: [
    { name: 'public.parent', key: ['id'], links: {} },
    {
      name: 'public.child',
      key: ['id'],
      links: { parent: (image) => text(image.parent_id), owner: (image) => text(image.owner) },
      remember: ['owner'],
      keepChanges: true,
    },
  ],
  flows: [ownerFlow, parentFlow, childFlow],
  targetSchemas: ['mini'],
};

export const MINI_SQL = `
create table parent (id text primary key, name text, deleted boolean not null);
create table child (id text primary key, parent_id text not null references parent, parent_name text, note text,
  deleted boolean not null);
create table child_tag (child_id text references child, tag text, primary key (child_id, tag));
create table child_change (id text primary key, child_id text not null, op text not null, note text);
create table owner (id text primary key, children integer not null, moved_to text);
`;

let clockMicros = 0;

/** A streamed change with positions that rise by themselves unless given. */
export function change(
  table: 'public.parent' | 'public.child',
  op: ChangeEvent['op'],
  key: string,
  after: Image | null,
  at: Partial<ChangeEvent['position']> & { unsent?: readonly string[] } = {},
): ChangeEvent {
  clockMicros += 1;
  const { unsent = [], ...position } = at;
  const b = position.b ?? BigInt(clockMicros) * 100n;
  return {
    kind: 'change',
    table,
    key,
    op,
    after: op === 'd' ? null : { id: key, ...after },
    before: op === 'd' ? { id: key, ...after } : null,
    unsent,
    position: { epoch: 1, phase: 1, a: b - 10n, b, txId: b, offset: BigInt(clockMicros), ...position },
    sourceTime: `2026-01-01T00:00:00.${String(clockMicros).padStart(6, '0')}Z`,
    origin: null,
  };
}
