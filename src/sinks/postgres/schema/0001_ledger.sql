-- The ledger: what one PostgreSQL knows of each pipeline. Landed rows live in tables made from the declaration
-- (landed-tables.ts); everything else is here, keyed by the pipeline's name.

create table pipeline (
  name          text primary key,
  migration     text not null,
  -- '' for the live run; a shadow writes to target schemas with this suffix
  schema_suffix text not null default '',
  -- seconds since 2020 when this ledger first knew the pipeline: revisions of a later ledger are higher
  generation    bigint not null default extract(epoch from clock_timestamp() - timestamptz '2020-01-01 00:00Z')::bigint,
  -- the landed tick: the only time transformers know
  as_of         timestamptz not null default date_trunc('minute', clock_timestamp()),
  created_at    timestamptz not null default clock_timestamp()
);

create table progress (
  pipeline    text not null,
  topic       text not null,
  part        integer not null,
  next_offset bigint,
  fence       bigint not null default 0,
  worker      text not null default '',
  source_time timestamptz,
  landed_at   timestamptz,
  primary key (pipeline, topic, part)
);

-- What an epoch has shown of itself. An initial snapshot that reads beyond where streaming has begun was not announced.
create table epoch (
  pipeline     text not null,
  epoch        integer not null,
  -- newest position an initial snapshot of this epoch was read at
  snapshot_lsn bigint,
  -- end of the oldest transaction streamed in this epoch
  first_commit bigint,
  -- rows not seen by the snapshot of this position have been given up
  swept_lsn    bigint,
  primary key (pipeline, epoch)
);

create table mark (
  id          bigint generated always as identity primary key,
  pipeline    text not null,
  flow        text not null,
  -- '' marks a root; otherwise every root that joins `key` through this part
  part        text not null default '',
  key         text not null,
  source_time timestamptz not null
) with (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);
create index mark_queue on mark (pipeline, flow, id) where part = '';
create index mark_root on mark (pipeline, flow, key) where part = '';
create index mark_join on mark (pipeline, flow, id) where part <> '';

create table change (
  pipeline    text not null,
  tbl         text not null,
  key         text not null,
  entry       text not null,
  seq         bigint generated always as identity,
  op          text not null check (op in ('c', 'u', 'd', 'r')),
  before      jsonb,
  after       jsonb not null,
  source_time text not null,
  lsn         text not null,
  rendered    boolean not null default false,
  primary key (pipeline, tbl, key, entry)
);
create index change_pending on change (pipeline, tbl, key, seq) where not rendered;

create table document (
  pipeline   text not null,
  target     text not null,
  id         text not null,
  flow       text not null,
  root       text not null,
  revision   bigint not null,
  hash       bytea not null,
  gone       boolean not null default false,
  written_at timestamptz not null default clock_timestamp(),
  -- newest revision the target is known to hold; equals revision where the target is this database
  acked      bigint,
  etag       text,
  -- remote targets only: what was last sent or is to be sent
  content    jsonb,
  primary key (pipeline, target, id)
);
create index document_root on document (pipeline, flow, root);

create table intent (
  pipeline    text not null,
  target      text not null,
  id          text not null,
  store       text not null,
  flow        text not null,
  root        text not null,
  revision    bigint not null,
  seq         bigint generated always as identity,
  lane        integer not null,
  order_key   text not null,
  -- documents that must be acknowledged first, each `target<unit separator>id`
  needs       text[] not null default '{}',
  state       text not null default 'ready' check (state in ('ready', 'waiting', 'parked')),
  attempts    integer not null default 0,
  not_before  timestamptz not null default clock_timestamp(),
  source_time timestamptz not null,
  created_at  timestamptz not null default clock_timestamp(),
  primary key (pipeline, target, id)
) with (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);
create index intent_queue on intent (pipeline, store, lane, seq) where state = 'ready';
create index intent_waiting on intent using gin (needs) where state = 'waiting';

create table lane (
  pipeline text not null,
  store    text not null,
  lane     integer not null,
  owner    text not null default '',
  until    timestamptz not null default '-infinity',
  primary key (pipeline, store, lane)
);

create table parked (
  id           bigint generated always as identity primary key,
  pipeline     text not null,
  kind         text not null check (kind in ('record', 'root', 'document')),
  -- source table of a record, flow of a root, target of a document
  scope        text not null,
  key          text not null,
  flow         text not null default '',
  code         text not null,
  detail       jsonb not null default 'null',
  topic        text,
  part         integer,
  "offset"     bigint,
  raw_key      bytea,
  raw_value    bytea,
  headers      jsonb not null default '{}',
  state        text not null default 'parked' check (state in ('parked', 'healed', 'dropped')),
  attempts     integer not null default 1,
  first_at     timestamptz not null default clock_timestamp(),
  last_at      timestamptz not null default clock_timestamp(),
  closed_at    timestamptz,
  closed_by    text,
  close_reason text,
  mirrored     boolean not null default false
);
create unique index parked_open on parked (pipeline, kind, scope, key, coalesce("offset", -1)) where state = 'parked';
create index parked_unmirrored on parked (pipeline, id) where not mirrored;

create table waiting (
  pipeline    text not null,
  flow        text not null,
  root        text not null,
  need_target text not null,
  need_id     text not null,
  since       timestamptz not null default clock_timestamp(),
  primary key (pipeline, flow, root, need_target, need_id)
);
create index waiting_need on waiting (pipeline, need_target, need_id);

create table timer (
  pipeline text not null,
  flow     text not null,
  root     text not null,
  at       timestamptz not null,
  primary key (pipeline, flow, root)
);
create index timer_due on timer (pipeline, at);

create table root_issue (
  pipeline text not null,
  flow     text not null,
  root     text not null,
  issues   jsonb not null,
  at       timestamptz not null default clock_timestamp(),
  primary key (pipeline, flow, root)
);

create table halt (
  pipeline text not null,
  scope    text not null,
  code     text not null,
  reason   text not null,
  at       timestamptz not null default clock_timestamp(),
  primary key (pipeline, scope)
);
