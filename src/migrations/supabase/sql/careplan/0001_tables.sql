-- Care plans. Patients are named by id and live in another service: no foreign key crosses a schema.

create table action_plan (
  id                   uuid primary key,
  legacy_id            uuid not null unique,
  patient_id           uuid not null,
  submission_legacy_id uuid not null,
  category             text not null check (category in ('general', 'anaphylaxis', 'school', 'travel', 'other')),
  category_raw         text,
  legacy_path          text not null,
  content_type         text,
  uploader_user_id     uuid,
  uploader_email       text,
  created_at           timestamptz not null,
  -- of the copy of the file; written by those who copy it, never by the stream
  object_key           text,
  sha256               text check (sha256 ~ '^[0-9a-f]{64}$'),
  size_bytes           bigint check (size_bytes >= 0),
  copy_state           text not null default 'pending' check (copy_state in ('pending', 'copied', 'missing')),
  source_ts            timestamptz not null,
  correlation_id       uuid not null,
  deleted_at           timestamptz,
  row_hash             bytea not null
);
create index action_plan_patient_idx on action_plan (patient_id);
create index action_plan_submission_idx on action_plan (submission_legacy_id);
create index action_plan_to_copy_idx on action_plan (created_at) where copy_state = 'pending' and deleted_at is null;

-- A copy is of one file: another path is another file, and nothing that was found out of the first holds for it.
create function forget_copy() returns trigger language plpgsql as $$
begin
  new.object_key := null;
  new.sha256 := null;
  new.size_bytes := null;
  new.copy_state := 'pending';
  return new;
end $$;

create trigger another_file before update on action_plan
  for each row when (old.legacy_path is distinct from new.legacy_path) execute function forget_copy();
