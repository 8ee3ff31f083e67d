-- When a mark was made, so that the time a root waits to be derived is told from the time its change was on its way.
alter table mark add column marked_at timestamptz not null default clock_timestamp();
