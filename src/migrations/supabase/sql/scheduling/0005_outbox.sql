-- What the service tells others of its rows. Whose turn it is to work on a request concerns nobody else.
select sluice.add_outbox();
select sluice.tell_of('appointment', 'appointment', 'id');
select sluice.tell_of('request_queue', 'appointment_request', 'id', '', '{lease_owner,lease_until,attempts,idempotency_key}');
