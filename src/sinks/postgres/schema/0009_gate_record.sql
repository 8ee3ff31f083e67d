-- Judgements of gates, signatures under them and moves of phases, one chain over all migrations of the ledger. Only ever
-- added to: the trigger stops a slip, `sluice gates verify` finds what somebody did who may switch triggers off.
create table gate_chain (
  single boolean primary key default true check (single),
  id     uuid not null default gen_random_uuid()
);
insert into gate_chain default values;

create table gate_record (
  seq       bigint primary key check (seq > 0),
  kind      text not null
            check (kind in ('evaluation', 'sign-off', 'samples', 'phase-request', 'phase-approve', 'phase-back')),
  migration text not null,
  subject   text not null,
  at        text not null,
  actor     text not null check (btrim(actor) <> ''),
  requester text,
  verdict   text check (verdict in ('PASS', 'FAIL')),
  body      text not null,
  prev      text not null,
  hash      text not null,
  constraint four_eyes check (lower(btrim(actor)) <> lower(btrim(requester))),
  constraint approval_names_requester check (kind <> 'phase-approve' or requester is not null)
);
create index gate_record_subject on gate_record (migration, kind, subject, seq);

create function gate_record_stays() returns trigger language plpgsql as $$
begin
  raise exception 'records of gates are only ever added' using errcode = '42501';
end
$$;
create trigger gate_record_stays before update or delete on gate_record
  for each row execute function gate_record_stays();
create trigger gate_record_not_truncated before truncate on gate_record
  for each statement execute function gate_record_stays();
create trigger gate_chain_stays before update or delete on gate_chain
  for each row execute function gate_record_stays();
create trigger gate_chain_not_truncated before truncate on gate_chain
  for each statement execute function gate_record_stays();
