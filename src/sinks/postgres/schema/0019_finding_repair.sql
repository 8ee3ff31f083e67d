-- Each repair of a finding, and what became of it.
create table finding_repair (
  id        bigint generated always as identity primary key,
  finding   bigint not null references finding (id) on delete cascade,
  at        timestamptz not null default clock_timestamp(),
  by        text not null,
  asked     text not null check (asked in ('policy', 'by name')),
  -- verified: seen to be right after it; failed: seen to be wrong after it; overtaken: repaired again, or accepted, before
  outcome   text not null default 'open' check (outcome in ('open', 'verified', 'failed', 'overtaken')),
  closed_at timestamptz
);
create index finding_repair_of on finding_repair (finding, id);

-- When what was accepted became a finding again: its clock runs from then.
alter table finding add column reopened_at timestamptz;
