-- What the service tells others of its rows. Flags and safeguarding have no part in it. A patient is no aggregate of parts: what
-- changes a form and nothing of its patient is no news of the patient.
select sluice.add_outbox();
select sluice.tell_of('patient', 'patient', 'id', '', '{row_hash}');
select sluice.tell_of('submission', 'submission', 'id');
