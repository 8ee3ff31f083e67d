-- Scheduling. Patients are named by id and live in another service: no foreign key crosses a schema.

create table location (
  id   uuid primary key,
  name text not null
);

create table appointment (
  id                   uuid primary key,
  legacy_id            uuid not null unique,
  patient_id           uuid not null,
  submission_legacy_id uuid not null,
  clinician_key        text,
  -- a room nobody names any more goes; its appointments have been given another by the same change
  location_id          uuid references location on delete set null,
  status               text not null check (status in
                         ('REQUESTED', 'CONFIRMED', 'CHECKED_IN', 'COMPLETED', 'CANCELLED', 'NO_SHOW', 'UNKNOWN')),
  status_raw           text not null,
  resource_type        text not null,
  start_at             timestamptz not null,
  end_at               timestamptz check (end_at >= start_at),
  end_at_raw           timestamptz not null, -- what the source says, also where it is before start_at
  notes                text,
  created_at           timestamptz,
  source_updated_at    timestamptz,
  source_ts            timestamptz not null,
  correlation_id       uuid not null,
  deleted_at           timestamptz,
  row_hash             bytea not null
);
-- The source has double bookings and zero-length appointments; they are kept, so nothing here may refuse them.
create index appointment_location_idx on appointment (location_id, start_at);
create index appointment_clinician_idx on appointment (clinician_key, start_at);
create index appointment_patient_idx on appointment (patient_id, start_at);

-- One entry for each change of status, in the source's words. No foreign key: history outlives what it tells of.
create table appointment_status_event (
  appointment_id uuid not null,
  entry          text not null,
  from_status    text,
  to_status      text not null,
  at             timestamptz not null,
  source_lsn     numeric(20) not null,
  correlation_id uuid not null,
  primary key (appointment_id, entry)
);
