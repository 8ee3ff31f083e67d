-- What the partner portal shows of today, from the new stores. Patients live in another schema, whose name goes with this
-- one's: a shadow's view is of the shadow's patients.
do $$
begin
  execute format($view$
    create view partner_today_schedule as
    select a.legacy_id as id, a.start_at, a.end_at_raw as end_at,
           coalesce(nullif(btrim(a.notes), ''), 'Consultation') as purpose,
           concat_ws(' ', p.given_name, p.family_name) as patient_name,
           l.name as location
    from appointment a
    join %I.patient p on p.id = a.patient_id
    left join location l on l.id = a.location_id
    where a.deleted_at is null and a.start_at::date = current_date
    order by a.start_at
  $view$, replace(current_schema(), 'scheduling', 'intake'));
end $$;
