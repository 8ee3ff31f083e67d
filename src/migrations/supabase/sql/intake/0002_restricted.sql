-- What only the clinic may read. Nobody but the owner has it unless granted by name.
revoke all on safeguarding, submission_flag from public;
comment on table safeguarding is 'Restricted: safeguarding and clinician notes. Never sent to the shared FHIR store.';
comment on table submission_flag is 'Restricted: triage flags. Never sent to the shared FHIR store.';
