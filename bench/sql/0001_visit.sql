create table visit (
  id bigint primary key,
  patient_id bigint not null,
  clinic text not null,
  clinician text not null,
  status text not null,
  reason text,
  note text,
  phone text,
  address text,
  started_at timestamptz not null,
  ended_at timestamptz,
  price_cents integer not null,
  urgent boolean not null,
  version integer not null,
  updated_at timestamptz not null
);
