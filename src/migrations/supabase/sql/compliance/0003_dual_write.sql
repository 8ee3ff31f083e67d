-- Which task types are written on both sides. A type without a row is written at the source only. Every change is kept.
create table dual_write (
  task_type  text primary key,
  is_on      boolean not null,
  changed_at timestamptz not null default now(),
  changed_by text not null
);

create table dual_write_change (
  seq       bigint generated always as identity primary key,
  task_type text not null,
  is_on     boolean not null,
  at        timestamptz not null default now(),
  by        text not null,
  reason    text not null
);
create trigger append_only before update or delete on dual_write_change
  for each row execute function refuse_change();
create trigger append_only_whole before truncate on dual_write_change
  for each statement execute function refuse_change();
