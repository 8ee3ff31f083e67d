-- What the service tells others of its rows.
select sluice.add_outbox();
select sluice.tell_of('action_plan', 'action_plan', 'id');
