-- Where a batched migration beside the stream is, so that a killed one can go on. One row a table of the run under way.
create table migrate_progress (
  pipeline   text    not null,
  table_name text    not null,
  -- where the source's log was when the run began: what it did not read again since is gone at the source
  run_lsn    bigint  not null,
  -- text of the last key that was landed; null before the first
  after_key  text,
  read_rows  bigint  not null default 0,
  finished   boolean not null default false,
  at         timestamptz not null default clock_timestamp(),
  primary key (pipeline, table_name)
);
