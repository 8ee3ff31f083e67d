-- Append-only tables: nobody changes or removes an entry, the owner included.
create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end $$;

revoke update, delete, truncate on payout_adjustment from public;
create trigger append_only before update or delete on payout_adjustment
  for each row execute function refuse_change();
create trigger append_only_whole before truncate on payout_adjustment
  for each statement execute function refuse_change();
