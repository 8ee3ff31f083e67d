-- Append-only tables: nobody changes or removes an entry, the owner included.
create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end $$;

revoke update, delete, truncate on lab_order_event, lab_order_event_amendment, lab_order_event_tombstone from public;
create trigger append_only before update or delete on lab_order_event
  for each row execute function refuse_change();
create trigger append_only_whole before truncate on lab_order_event
  for each statement execute function refuse_change();
create trigger append_only before update or delete on lab_order_event_amendment
  for each row execute function refuse_change();
create trigger append_only_whole before truncate on lab_order_event_amendment
  for each statement execute function refuse_change();
create trigger append_only before update or delete on lab_order_event_tombstone
  for each row execute function refuse_change();
create trigger append_only_whole before truncate on lab_order_event_tombstone
  for each statement execute function refuse_change();
