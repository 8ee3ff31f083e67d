-- What a freeze took away and what was so then, kept where it happened. Run by `sluice legacy freeze`; may be run again.
create schema if not exists sluice_cdc;

create table if not exists sluice_cdc.freeze (
  id           bigint       primary key generated always as identity,
  migration    text         not null,
  frozen_at    timestamptz  not null default clock_timestamp(),
  frozen_by    text         not null,
  -- nothing may commit a write to the tables after this
  lsn          pg_lsn       not null,
  -- up to here the log was looked through
  proved_to    pg_lsn       not null,
  proved_at    timestamptz,
  tables       text[]       not null,
  grants       jsonb        not null,
  seals        jsonb        not null,
  unfrozen_at  timestamptz,
  unfrozen_by  text
);
create unique index if not exists freeze_open on sluice_cdc.freeze (migration) where unfrozen_at is null;
