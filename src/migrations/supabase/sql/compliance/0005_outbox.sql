-- What the service tells others of its rows. Of a task's metadata only the severity leaves the house.
select sluice.add_outbox();
select sluice.tell_of('task', 'task', 'id', '', '{metadata}');
select sluice.tell_of('temperature_reading', 'temperature_reading', 'id');
