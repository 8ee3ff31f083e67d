-- Changes that may be missing. A gap is never deleted: it is closed, by somebody and at some time.
create table gap (
  id         bigint generated always as identity primary key,
  pipeline   text not null,
  kind       text not null,
  -- '*' for the whole pipeline, otherwise topic/partition
  scope      text not null,
  reason     text not null,
  -- in force when it was found: a snapshot of a later epoch closes it
  epoch      integer not null,
  found_at   timestamptz not null default clock_timestamp(),
  -- source time of the newest heartbeat landed before: what was applied since is unverified
  since      timestamptz,
  from_pos   numeric(20),
  to_pos     numeric(20),
  closed_at  timestamptz,
  closed_by  text
);
create unique index gap_open on gap (pipeline, kind, scope) where closed_at is null;

-- What capture looked like when it was last looked at, so that a worker that starts sees what was changed while none ran.
create table capture (
  pipeline  text primary key,
  epoch     integer not null,
  server    text not null,
  place     text not null,
  active    boolean not null,
  state     text not null,
  confirmed numeric(20),
  stored    numeric(20),
  at        timestamptz not null default clock_timestamp()
);

-- Shadows that were filled by a replay.
create table shadow (
  pipeline   text primary key,
  migration  text not null,
  flow       text,
  began_at   text not null,
  -- content columns of each target's documents, as far as the rules made any
  columns    jsonb not null default '{}',
  -- offset after the last record landed, by topic/partition
  reached    jsonb not null default '{}',
  -- from the beginning of every topic: what it lacks is not only not replayed
  whole      boolean not null,
  state      text not null default 'replaying' check (state in ('replaying', 'ready')),
  created_at timestamptz not null default clock_timestamp()
);

-- What was done with shadows, for ever.
create table promotion (
  id       bigint generated always as identity primary key,
  pipeline text not null,
  shadow   text not null,
  action   text not null check (action in ('promoted', 'discarded')),
  how      jsonb not null default '{}',
  by       text not null,
  at       timestamptz not null default clock_timestamp()
);
