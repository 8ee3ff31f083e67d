-- What the service tells others of its rows. Leases and the stamps of our own drain concern nobody else.
select sluice.add_outbox();
select sluice.tell_of('checkin', 'checkin', 'id');
select sluice.tell_of('label_queue', 'label', 'id', '', '{lease_owner,lease_until,attempts,claim_stamp,taken_at}');
select sluice.tell_of('stock_item', 'stock_item', 'id');
select sluice.tell_of('stock_snapshot', 'stock_item', 'item_id', 'counted', '{entry,source_lsn}');
