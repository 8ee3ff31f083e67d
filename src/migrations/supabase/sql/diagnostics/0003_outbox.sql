-- What the service tells others of its rows. The payload of an event may hold results, and the free part of an order whatever
-- a laboratory put there: neither is told.
select sluice.add_outbox();
select sluice.tell_of('lab_order', 'lab_order', 'id', '', '{metadata}');
select sluice.tell_of('lab_order_event', 'lab_order_event', 'legacy_id', 'recorded', '{payload}');
select sluice.tell_of('lab_order_event_amendment', 'lab_order_event', 'legacy_id', 'amended', '{payload,entry}');
select sluice.tell_of('lab_order_event_tombstone', 'lab_order_event', 'legacy_id', 'deleted', '{entry}');
