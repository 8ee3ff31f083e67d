-- Outboxes of services: what a transaction changed in a service's tables is told by that same transaction, as a row of the
-- outbox beside them; `sluice run` sends the rows on. A service's SQL says `select sluice.add_outbox()` and then `sluice.tell_of`
-- for each table. Why triggers, and why one a statement, is in ADR 0029.

-- Makes the outbox of the schema that is being made.
create function add_outbox() returns void language plpgsql as $$
begin
  create table outbox (
    -- of the rows of one aggregate the later one has the higher number
    id             bigint generated always as identity primary key,
    aggregate      text not null,
    aggregate_id   uuid not null,
    type           text not null,
    payload        jsonb not null,
    correlation_id uuid,
    created_at     timestamptz not null default clock_timestamp(),
    published_at   timestamptz
  );
  create index outbox_unpublished_idx on outbox (id) where published_at is null;
  create index outbox_published_idx on outbox (published_at) where published_at is not null;
end $$;

-- Tells of a table of the schema that is being made. `key` is the column with the aggregate's id; `verb` what every row of
-- an append-only table says, '' where the row itself says what became of it; `kept` columns that are not told.
create function tell_of(tbl text, aggregate text, key text, verb text default '', kept text[] default '{}')
returns void language plpgsql as $$
declare
  given text := format('%L, %L, %L, %L', aggregate, key, verb, array_to_string(kept, ','));
begin
  execute format('create trigger told_new after insert on %I referencing new table as new_rows
                  for each statement execute function sluice.tell(%s)', tbl, given);
  if verb <> '' then
    return;
  end if;
  execute format('create trigger told_changed after update on %I referencing old table as old_rows new table as new_rows
                  for each statement execute function sluice.tell(%s)', tbl, given);
  execute format('create trigger told_gone after delete on %I referencing old table as old_rows
                  for each statement execute function sluice.tell(%s)', tbl, given);
end $$;

-- Who may write a service's table need not be allowed to write its outbox, so this runs as its owner.
create function tell() returns trigger language plpgsql security definer
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  kept  text[] := string_to_array(tg_argv[3], ',');
  -- JSON's numbers are read as floating point by most: decimals are told as text
  exact text[] := array(select attname from pg_attribute
                        where attrelid = tg_relid and atttypid = 'numeric'::regtype and not attisdropped);
  pairs text;
begin
  -- tables of a shadow or a rehearsal are no service's
  if position('__' in tg_table_schema) > 0 then
    return null;
  end if;
  if tg_op = 'INSERT' then
    pairs := 'select to_jsonb(n) as now, null::jsonb as was from new_rows n';
  elsif tg_op = 'DELETE' then
    pairs := 'select null::jsonb as now, to_jsonb(o) as was from old_rows o';
  else
    pairs := 'select to_jsonb(n) as now, to_jsonb(o) as was from new_rows n join old_rows o on o.id = n.id';
  end if;
  execute format(
    $sql$
    insert into %I.outbox (aggregate, aggregate_id, type, payload, correlation_id)
    select $1, (image ->> $2)::uuid, $1 || '.' || verb,
           image - $4 - 'row_hash' || coalesce((select jsonb_object_agg(c, image ->> c) from unnest($5) c where image ? c), '{}'),
           (image ->> 'correlation_id')::uuid
    from (
      select coalesce(now, was) as image,
             case when $3 <> '' then $3
                  when now is null then 'deleted'
                  when now ->> 'deleted_at' is not null and was ->> 'deleted_at' is null then 'deleted'
                  when was is null then 'created'
                  when was ->> 'deleted_at' is not null and now ->> 'deleted_at' is null then 'restored'
                  else 'changed' end as verb
      from (%s) pair
      -- the source row's hash counts unless it is kept, for it speaks of the parts of an aggregate in other tables
      where was is null or now is null
         or now - $4 - '{source_ts,correlation_id}'::text[] is distinct from was - $4 - '{source_ts,correlation_id}'::text[]
    ) told
    $sql$, tg_table_schema, pairs)
  using tg_argv[0], tg_argv[1], tg_argv[2], kept, exact;
  return null;
end $$;
