-- Patient intake. No schema is named: the runner sets search_path, so that a shadow gets the same tables.
-- E-mail addresses are text, with an index on lower(..): an extension (citext) is not needed for that.

create table patient (
  id             uuid primary key,
  match_key      text not null unique,
  match_rule     text not null check (match_rule in ('nhs', 'demographic', 'submission', 'lab')),
  nhs_number     char(10) unique check (nhs_number ~ '^\d{10}$'),
  given_name     text,
  family_name    text,
  full_name      text,                       -- laboratory orders have the name in one piece
  birth_date     date,
  email          text,
  phone_e164     text,
  phone_raw      text,
  superseded_by  uuid references patient,
  -- of the source row that speaks for the patient; none once superseded and its form is gone
  legacy_id      uuid,
  source_ts      timestamptz,
  correlation_id uuid,
  deleted_at     timestamptz,
  row_hash       bytea
);
create index patient_email_idx on patient (lower(email));
create index patient_superseded_by_idx on patient (superseded_by) where superseded_by is not null;

create table submission (
  id                    uuid primary key,
  legacy_id             uuid not null unique,
  patient_id            uuid not null references patient,
  status                text not null check (status in ('new', 'ready_spt', 'needs_review', 'completed', 'unknown')),
  status_raw            text,
  spt_ready             boolean not null,
  high_risk             boolean not null,
  authored_at           timestamptz not null,
  source_updated_at     timestamptz,
  onset_time            text,
  reaction_frequency    text,
  most_severe_reaction  text,
  other_triggers        text,
  can_eat_baked_egg     boolean not null,
  can_eat_baked_milk    boolean not null,
  asthma_control        text check (asthma_control in
                          ('well-controlled', 'sometimes-uncontrolled', 'poorly-controlled', 'none', 'unknown')),
  asthma_control_raw    text,
  eczema                boolean not null,
  hay_fever             boolean not null,
  other_conditions      text,
  last_antihistamine_at timestamptz,
  taking_beta_blocker   boolean not null,
  taking_ace_inhibitor  boolean not null,
  pregnant              boolean not null,
  has_auto_injector     boolean not null,
  carries_auto_injector boolean not null,
  patient_notes         text,
  clinician_user_id     uuid,
  clinician_email       text,
  source_ts             timestamptz not null,
  correlation_id        uuid not null,
  deleted_at            timestamptz,
  row_hash              bytea not null
);
create index submission_patient_idx on submission (patient_id);
create index submission_clinician_email_idx on submission (lower(clinician_email));

-- Sets of a submission. Each carries its submission's origin; the hash of the source row is on submission alone,
-- so that a change elsewhere in the row does not rewrite every set.
create table submission_symptom (
  submission_id  uuid not null references submission on delete cascade,
  ordinal        integer not null,
  symptom        text not null,
  legacy_id      uuid not null,
  source_ts      timestamptz not null,
  correlation_id uuid not null,
  deleted_at     timestamptz,
  primary key (submission_id, symptom)
);

create table submission_trigger (
  submission_id  uuid not null references submission on delete cascade,
  trigger        text not null,
  legacy_id      uuid not null,
  source_ts      timestamptz not null,
  correlation_id uuid not null,
  deleted_at     timestamptz,
  primary key (submission_id, trigger)
);

create table submission_flag (
  submission_id  uuid not null references submission on delete cascade,
  flag           text not null,
  legacy_id      uuid not null,
  source_ts      timestamptz not null,
  correlation_id uuid not null,
  deleted_at     timestamptz,
  primary key (submission_id, flag)
);

create table guardian (
  id                uuid primary key,
  patient_id        uuid not null references patient,
  submission_id     uuid not null references submission on delete cascade,
  ordinal           integer not null,
  name              text not null,           -- '' where the form gives a relationship or a number and no name
  relationship_raw  text,
  relationship_code text,
  phone             text,
  email             text,
  legacy_id         uuid not null,
  source_ts         timestamptz not null,
  correlation_id    uuid not null,
  deleted_at        timestamptz,
  -- deferred, for a re-ordered list changes places row by row
  unique (submission_id, ordinal) deferrable initially deferred
);
create index guardian_patient_idx on guardian (patient_id);

create table consent (
  submission_id  uuid primary key references submission on delete cascade,
  signed_at      timestamptz not null,
  expires_at     timestamptz,
  expires_at_raw timestamptz,                -- what the source says, also where it is before signed_at
  legacy_id      uuid not null,
  source_ts      timestamptz not null,
  correlation_id uuid not null,
  deleted_at     timestamptz,
  check (expires_at is null or expires_at >= signed_at)
);

create table safeguarding (
  submission_id   uuid primary key references submission on delete cascade,
  notes           text,
  follow_up_at    timestamptz,
  clinician_notes text,
  legacy_id       uuid not null,
  source_ts       timestamptz not null,
  correlation_id  uuid not null,
  deleted_at      timestamptz
);

create table submission_attachment (
  submission_id  uuid not null references submission on delete cascade,
  kind           text not null check (kind in ('upload', 'reference')),
  path           text not null,
  legacy_id      uuid not null,
  source_ts      timestamptz not null,
  correlation_id uuid not null,
  deleted_at     timestamptz,
  primary key (submission_id, kind, path)
);
