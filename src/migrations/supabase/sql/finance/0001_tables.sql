-- Finance. Amounts are decimals from end to end.

create table payout (
  id             uuid primary key,
  legacy_id      uuid not null unique,
  occurred_on    date not null,
  amount         numeric(12,2) not null check (amount >= 0),
  currency       char(3) not null default 'GBP',
  partner_email  text,
  notes          text,
  source_ts      timestamptz not null,       -- the source has no times of its own: when it was committed
  correlation_id uuid not null,
  deleted_at     timestamptz,
  row_hash       bytea not null
);
create index payout_month_idx on payout (occurred_on);
create index payout_partner_idx on payout (lower(partner_email));

-- What was booked otherwise than before, or taken back. No foreign key: history outlives what it tells of.
create table payout_adjustment (
  payout_id          uuid not null,
  entry              text not null,
  kind               text not null check (kind in ('correction', 'deletion')),
  amount_before      numeric(12,2) not null,
  amount_after       numeric(12,2),
  difference         numeric(13,2) not null,
  occurred_on_before date not null,
  occurred_on_after  date,
  at                 timestamptz not null,
  source_lsn         numeric(20) not null,
  correlation_id     uuid not null,
  primary key (payout_id, entry)
);

-- Months that are closed. A row here is made and taken away by people.
create table locked_period (
  month     date primary key check (extract(day from month) = 1),
  locked_at timestamptz not null default now(),
  locked_by text not null
);

-- A closed month stays as it was reported: what would change its total is refused, so that the row is parked and somebody
-- looks at it. A payout's notes may still be mended.
create function refuse_locked() returns trigger language plpgsql as $$
declare
  months date[] := array[date_trunc('month', new.occurred_on)::date];
  spared boolean;
begin
  if tg_op = 'INSERT' then
    -- an insert that finds its row there comes back as an update
    execute format('select exists (select 1 from %I.payout where id = $1)', tg_table_schema) into spared using new.id;
  else
    months := months || date_trunc('month', old.occurred_on)::date;
    spared := (new.amount, new.currency, new.occurred_on, new.deleted_at)
              is not distinct from (old.amount, old.currency, old.occurred_on, old.deleted_at);
  end if;
  if not spared then
    execute format('select not exists (select 1 from %I.locked_period where month = any($1))', tg_table_schema)
      into spared using months;
  end if;
  if not spared then
    raise exception 'the period is locked'
      using errcode = 'restrict_violation', table = 'payout', constraint = 'locked_period';
  end if;
  return new;
end $$;

create trigger locked before insert or update on payout
  for each row execute function refuse_locked();
