-- What the service tells others of its rows.
select sluice.add_outbox();
select sluice.tell_of('payout', 'payout', 'id');
select sluice.tell_of('payout_adjustment', 'payout', 'payout_id', 'adjusted', '{entry,source_lsn}');
