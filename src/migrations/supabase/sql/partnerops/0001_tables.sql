-- Partner operations. Names in here are what the front desk wrote; they are matched with no patient.

create table checkin (
  id                uuid primary key,
  legacy_id         uuid not null unique,
  patient_name      text not null,           -- one living row a name at the source
  status            text not null check (status in ('waiting', 'vitals_complete', 'roomed', 'ready', 'unknown')),
  status_raw        text,
  visit_no          integer not null check (visit_no > 0),
  arrived_at        timestamptz not null,
  ready_at          timestamptz,
  source_updated_at timestamptz,
  source_ts         timestamptz not null,
  correlation_id    uuid not null,
  deleted_at        timestamptz,
  row_hash          bytea not null
);
create index checkin_name_idx on checkin (lower(patient_name));
create index checkin_arrived_idx on checkin (arrived_at);

-- The source overwrites a visit by the next one: each time of arrival it told of is a visit here.
create table checkin_visit (
  checkin_id     uuid not null references checkin on delete cascade,
  visit_no       integer not null,
  arrived_at     timestamptz not null,
  legacy_id      uuid not null,
  source_ts      timestamptz not null,
  correlation_id uuid not null,
  deleted_at     timestamptz,
  primary key (checkin_id, visit_no)
);

-- One entry for each change of status and each arrival. No foreign key: history outlives what it tells of.
create table checkin_event (
  checkin_id     uuid not null,
  entry          text not null,
  status         text not null,
  arrived_at     timestamptz,
  at             timestamptz not null,
  source_lsn     numeric(20) not null,
  correlation_id uuid not null,
  primary key (checkin_id, entry)
);

-- The source writes its own word (source_printed_at), those who print theirs (queue_state, lease_*, printed_at);
-- `state` is made of both, so no change at the source, and no replay, brings a printed label back.
create table label_queue (
  id                uuid primary key,
  legacy_id         uuid not null unique,
  label_code        text not null,
  patient_name      text not null,
  request_type      text not null,
  priority          smallint not null check (priority between 0 and 2), -- high, normal, any other
  priority_raw      text,
  source_printed_at timestamptz,
  printed_at        timestamptz,
  queue_state       text check (queue_state in ('leased', 'printed', 'dead')),
  state             text not null generated always as
                      (case when source_printed_at is not null then 'printed' else coalesce(queue_state, 'queued') end) stored,
  attempts          integer not null default 0,
  lease_owner       text,
  lease_until       timestamptz,
  created_at        timestamptz not null,
  source_ts         timestamptz not null,
  correlation_id    uuid not null,
  deleted_at        timestamptz,
  row_hash          bytea not null
);
-- Not unique: the row of a deleted label stays, and a new one may have its code. label_print_receipt is what keeps a code
-- from being printed twice.
create index label_queue_code_idx on label_queue (label_code);
-- taken by: select … where state = 'queued' and deleted_at is null order by priority, created_at for update skip locked
create index label_queue_open_idx on label_queue (priority, created_at) where state = 'queued' and deleted_at is null;

-- A label that was printed here.
create table label_print_receipt (
  label_code text primary key,
  printed_at timestamptz not null,
  printed_by text
);

create table stock_item (
  id                uuid primary key,
  legacy_id         uuid not null unique,
  item_name         text not null,           -- not unique: the row of a deleted item stays
  unit              text not null,
  lot_number        text,
  expiry_date       date,
  manufacturer      text,
  storage_location  text,
  min_temp          numeric(5,2),
  max_temp          numeric(5,2),
  source_updated_at timestamptz,
  source_ts         timestamptz not null,
  correlation_id    uuid not null,
  deleted_at        timestamptz,
  row_hash          bytea not null,
  check (min_temp <= max_temp)
);
create index stock_item_name_idx on stock_item (item_name);

-- What was counted, and how much more or less than before. No foreign key: history outlives what it tells of.
create table stock_snapshot (
  item_id        uuid not null,
  entry          text not null,
  seq            bigint generated always as identity,
  kind           text not null check (kind in ('opening', 'count')),
  quantity       integer not null check (quantity >= 0),
  delta          bigint,                     -- none after an image nobody could read
  status         text not null,
  at             timestamptz not null,
  source_lsn     numeric(20) not null,
  correlation_id uuid not null,
  primary key (item_id, entry)
);
create index stock_snapshot_seq_idx on stock_snapshot (item_id, seq);

-- What there is now.
create view stock_current as
select i.id as item_id, i.legacy_id, i.item_name, i.unit, s.quantity, s.status, s.at
from stock_item i
cross join lateral (select quantity, status, at from stock_snapshot where item_id = i.id order by seq desc limit 1) s
where i.deleted_at is null;
