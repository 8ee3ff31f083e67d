-- Commit time of what a root waits with: when it is woken its mark is of this time again, so that it is still known to be owed.
alter table waiting add column source_time timestamptz;
