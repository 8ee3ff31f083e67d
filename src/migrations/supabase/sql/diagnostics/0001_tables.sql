-- Diagnostics. Patients and submissions are named by id and live elsewhere: no foreign key crosses a schema.

create table vendor (
  id        uuid primary key,
  name_norm text not null unique,
  name      text not null
);

create table lab_order (
  id                   uuid primary key,
  legacy_id            uuid not null unique,
  patient_id           uuid,
  submission_legacy_id uuid,
  patient_snapshot     jsonb not null,
  orderer_key          text,
  order_type           text,
  priority             text not null check (priority in ('routine', 'urgent', 'asap', 'stat')),
  priority_raw         text,
  -- a laboratory nobody names any more goes; its orders have been given another by the same change
  vendor_id            uuid references vendor on delete set null,
  status               text not null check (status in
                         ('draft', 'submitted', 'in_transit', 'results_received', 'results_reviewed',
                          'retransmit_requested', 'cancelled', 'unknown')),
  status_raw           text,
  external_order_id    text,
  metadata             jsonb,
  ordered_at           timestamptz,
  result_received_at   timestamptz,
  result_reviewed_at   timestamptz,
  last_status_at       timestamptz,
  created_at           timestamptz not null,
  source_updated_at    timestamptz,
  source_ts            timestamptz not null,
  correlation_id       uuid not null,
  deleted_at           timestamptz,
  row_hash             bytea not null
);
-- not unique: the source does not promise it
create index lab_order_external_idx on lab_order (vendor_id, external_order_id);
create index lab_order_patient_idx on lab_order (patient_id);
create index lab_order_submission_idx on lab_order (submission_legacy_id);

-- No foreign key to lab_order: events and orders come by different topics. Read in order of occurred_at, created_at, id:
-- two events of one order may share a time.
create table lab_order_event (
  id                  uuid primary key,
  legacy_id           uuid not null unique,
  lab_order_legacy_id uuid not null,
  seq                 bigint generated always as identity,
  event_type          text not null,
  event_status        text,
  external_event_id   text,
  payload             jsonb,
  occurred_at         timestamptz not null,
  actor_email         text,
  note                text,
  created_at          timestamptz not null,
  source_ts           timestamptz not null,
  correlation_id      uuid not null,
  deleted_at          timestamptz,           -- always null here: a deletion is an entry in lab_order_event_tombstone
  row_hash            bytea not null
);
create index lab_order_event_order_idx on lab_order_event (lab_order_legacy_id, occurred_at, created_at, id);

-- A change of an event's row at the source: the image after it.
create table lab_order_event_amendment (
  legacy_id           uuid not null,
  entry               text not null,
  seq                 bigint generated always as identity,
  lab_order_legacy_id uuid not null,
  event_type          text not null,
  event_status        text,
  external_event_id   text,
  payload             jsonb,
  occurred_at         timestamptz not null,
  actor_email         text,
  note                text,
  created_at          timestamptz not null,
  source_ts           timestamptz not null,
  correlation_id      uuid not null,
  row_hash            bytea not null,
  primary key (legacy_id, entry)
);

-- A deletion of an event's row at the source, usually with its order.
create table lab_order_event_tombstone (
  legacy_id           uuid not null,
  entry               text not null,
  lab_order_legacy_id uuid not null,
  deleted_at          timestamptz not null,
  source_ts           timestamptz not null,
  correlation_id      uuid not null,
  primary key (legacy_id, entry)
);
