-- What patients ask of their appointments, to be worked on here while the source may still answer it.
-- The source writes its own word (source_state), those who work on the queue theirs (queue_state, lease_*); `state` is
-- made of both, so no change at the source, and no replay, takes back what was done here.
create table request_queue (
  id                         uuid primary key,
  legacy_id                  uuid not null unique,
  submission_legacy_id       uuid not null,
  appointment_legacy_id      uuid,
  appointment_legacy_id_last uuid,           -- also after the source let go of a deleted appointment
  patient_id                 uuid not null,
  request_type               text not null check (request_type in ('reschedule', 'cancel', 'other')),
  request_type_raw           text,
  message                    text,
  patient_email              text,
  source_state               text not null check (source_state in ('pending', 'resolved')),
  status_raw                 text,
  queue_state                text check (queue_state in ('claimed', 'resolved', 'rejected')),
  state                      text not null generated always as
                               (case when source_state = 'resolved' then 'resolved' else coalesce(queue_state, 'pending') end) stored,
  attempts                   integer not null default 0,
  lease_owner                text,
  lease_until                timestamptz,
  handled_at                 timestamptz,
  created_at                 timestamptz not null,
  idempotency_key            uuid not null unique,
  source_ts                  timestamptz not null,
  correlation_id             uuid not null,
  deleted_at                 timestamptz,
  row_hash                   bytea not null
);
-- claimed by: select … where state = 'pending' and deleted_at is null order by created_at for update skip locked
create index request_queue_open_idx on request_queue (created_at) where state = 'pending' and deleted_at is null;
create index request_queue_submission_idx on request_queue (submission_legacy_id);
