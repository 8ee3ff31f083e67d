-- What reconciliation has found: one row for each thing that is wrong with one document, from suspicion to its end.
create table finding (
  id            bigint generated always as identity primary key,
  pipeline      text not null,
  flow          text not null,
  -- a target, or `source:<schema.table>` for a row that is not landed as the source has it
  target        text not null,
  key           text not null,
  root          text not null,
  kind          text not null check (kind in ('missing', 'extra', 'value', 'stale', 'rogue', 'unmappable')),
  state         text not null check (state in ('suspect', 'confirmed', 'repaired', 'reverified', 'accepted', 'vanished')),
  -- paths and classes of differences, never values
  differences   jsonb not null default '[]',
  -- of what the target held, so that what is accepted is this content and no other
  hash          bytea,
  engine        text not null,
  first_at      timestamptz not null default clock_timestamp(),
  confirmed_at  timestamptz,
  last_at       timestamptz not null default clock_timestamp(),
  repaired_at   timestamptz,
  repaired_by   text,
  repairs       integer not null default 0,
  closed_at     timestamptz,
  accepted_by   text,
  accept_reason text
);
create unique index finding_open on finding (pipeline, target, key, kind)
  where state in ('suspect', 'confirmed', 'repaired', 'accepted');
create index finding_list on finding (pipeline, state, id);

-- What each document was last seen to hold when it was right, and before that: a target that shows it again is stale.
create table seen_document (
  pipeline text  not null,
  target   text  not null,
  id       text  not null,
  hash     bytea not null,
  earlier  bytea,
  primary key (pipeline, target, id)
);
