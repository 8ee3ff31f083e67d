-- The drain takes a job from the source by writing `claim_stamp` there as printed_at: portals that still print from the
-- source leave it alone, and the stamp coming back by the stream is known for ours. A job may be printed from here once
-- taken_at is set, not before.
alter table label_queue
  add column claim_stamp timestamptz,
  add column taken_at    timestamptz;

drop index label_queue_open_idx;
alter table label_queue drop column state;
alter table label_queue
  add column state text not null generated always as
    (case when source_printed_at is not null and source_printed_at is distinct from claim_stamp then 'printed'
          else coalesce(queue_state, 'queued') end) stored;

create index label_queue_untaken_idx on label_queue (priority, created_at)
  where state = 'queued' and taken_at is null and deleted_at is null;
-- taken by: select … where state = 'queued' and taken_at is not null and deleted_at is null
--           order by priority, created_at for update skip locked
create index label_queue_open_idx on label_queue (priority, created_at)
  where state in ('queued', 'leased') and taken_at is not null and deleted_at is null;
