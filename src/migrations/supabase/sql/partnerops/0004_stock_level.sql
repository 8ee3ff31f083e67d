-- Stock as others are told of it, by `sluice export stock-levels`: one row a living item, refreshed as a whole.
create materialized view stock_level as
select i.legacy_id, i.item_name, i.unit, i.lot_number, i.expiry_date, i.storage_location, i.min_temp, i.max_temp,
       c.quantity, c.status, c.at
from stock_item i join stock_current c on c.item_id = i.id;
create unique index stock_level_key on stock_level (legacy_id);

-- What was sent last. A row here is written after the broker has taken the record.
create table stock_level_sent (
  legacy_id uuid primary key,
  value     jsonb not null,
  sent_at   timestamptz not null default now()
);
