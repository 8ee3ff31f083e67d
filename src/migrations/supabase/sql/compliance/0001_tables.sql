-- Compliance. Patients and stock are named by id and live in other services: no foreign key crosses a schema.

create table task (
  id                   uuid primary key,
  legacy_id            uuid not null unique,
  patient_id           uuid,                 -- none: a task of the whole clinic
  submission_legacy_id uuid,
  task_type            text not null,
  title                text not null,
  details              text,
  due_at               timestamptz,
  status               text not null check (status in ('open', 'pending', 'resolved', 'unknown')),
  status_raw           text,
  severity             text check (severity in ('overdue', 'due_soon', 'upcoming')),
  metadata             jsonb,
  resolution_notes     text,
  resolved_at          timestamptz,
  resolved_by          uuid,
  created_at           timestamptz not null,
  source_updated_at    timestamptz,
  source_ts            timestamptz not null,
  correlation_id       uuid not null,
  deleted_at           timestamptz,
  row_hash             bytea not null
);
-- The source has one open task of a type for a form. Not unique here: rows are derived side by side, so for a moment the
-- successor of a closed task may be there before the closing is, and a partial index cannot be deferred.
create index task_open_idx on task (submission_legacy_id, task_type) where status = 'open' and deleted_at is null;
create index task_status_due_idx on task (status, due_at);
create index task_patient_idx on task (patient_id);

-- One entry for each change of status, in the source's words. No foreign key: history outlives what it tells of.
create table task_event (
  task_id        uuid not null,
  entry          text not null,
  from_status    text,
  to_status      text not null,
  at             timestamptz not null,
  source_lsn     numeric(20) not null,
  correlation_id uuid not null,
  primary key (task_id, entry)
);

create table storage_location (
  id   uuid primary key,
  name text not null
);

-- By months of recorded_at, so that old readings can be put away whole. Months without a partition of their own are in
-- the rest; add_month gives them one.
create table temperature_reading (
  id                   uuid not null,
  legacy_id            uuid not null,
  stock_legacy_id      uuid,
  stock_legacy_id_last uuid,                 -- also after the source let go of a deleted item
  -- a place nobody names any more goes; its readings have been given another by the same change
  location_id          uuid references storage_location on delete set null,
  recorded_at          timestamptz not null,
  temperature_c        numeric(6,3) not null, -- what a broken probe says is kept, too
  is_excursion         boolean not null,
  excursion_reason     text,
  resolved_at          timestamptz,
  notes                text,
  created_at           timestamptz not null,
  source_ts            timestamptz not null,
  correlation_id       uuid not null,
  deleted_at           timestamptz,
  row_hash             bytea not null,
  primary key (recorded_at, id),
  unique (legacy_id, recorded_at)
) partition by range (recorded_at);
create index temperature_reading_recorded_idx on temperature_reading using brin (recorded_at);
create index temperature_reading_stock_idx on temperature_reading (stock_legacy_id, recorded_at);
create table temperature_reading_rest partition of temperature_reading default;

-- Gives a month its partition; readings of it that are in the rest move over. One that has its own is left alone.
-- The table is known by its oid, so that the schema may be renamed.
create function add_month(month date, whole regclass default 'temperature_reading') returns void language plpgsql as $$
declare
  starts timestamptz := date_trunc('month', month::timestamp) at time zone 'UTC';
  ends   timestamptz := (date_trunc('month', month::timestamp) + interval '1 month') at time zone 'UTC';
  schema name := (select relnamespace::regnamespace::text from pg_class where oid = whole);
  part   text := format('%s.%I', schema, 'temperature_reading_' || to_char(month, 'YYYY_MM'));
begin
  if to_regclass(part) is not null then
    return;
  end if;
  execute format('create table %s (like %s including defaults including constraints)', part, whole);
  execute format('with moved as (delete from %s.temperature_reading_rest
                    where recorded_at >= %L and recorded_at < %L returning *)
                  insert into %s select * from moved', schema, starts, ends, part);
  execute format('alter table %s attach partition %s for values from (%L) to (%L)', whole, part, starts, ends);
end $$;

select add_month(month::date)
from generate_series(timestamp '2025-07-01', timestamp '2027-12-01', interval '1 month') month;

-- A reading the source itself calls an excursion, for as long as it does.
create table excursion (
  reading_id     uuid primary key,
  opened_at      timestamptz not null,
  resolved_at    timestamptz,
  legacy_id      uuid not null,
  source_ts      timestamptz not null,
  correlation_id uuid not null,
  deleted_at     timestamptz
);
create index excursion_open_idx on excursion (opened_at) where resolved_at is null and deleted_at is null;
