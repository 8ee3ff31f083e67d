-- The legacy intake database as a rehearsal needs it: the twelve tables a migration reads, and what they lean on.
--
-- Applied as often as you like; what is there already is left as it is. All default times are the UTC wall clock
-- read again in the session's zone, so sessions must run with TimeZone=UTC, as the hosted original does.
-- Columns that look careless (free-text statuses, nullable e-mails, unchecked priorities) are so in the original.

-- --------------------------------------------------------------------------- the mark of a rehearsal
-- Seeds and traffic refuse a database that has submissions and not this schema: it might be the real one.
create schema if not exists rehearsal;
comment on schema rehearsal is 'Rows here are invented; Sluice may add, change and delete them.';

-- --------------------------------------------------------------------------- what the tables lean on
create schema if not exists auth;

-- stands in for the hosted sign-in service; foreign keys need it, the change stream leaves it out
create table if not exists auth.users (
  id     uuid  primary key default gen_random_uuid(),
  email  text  unique
);

-- staff roster behind the row security of the original; not one of the twelve
create table if not exists public.clinician_emails (
  email  text  primary key,
  role   text  not null default 'clinician'
);

-- --------------------------------------------------------------------------- intake
create table if not exists public.submissions (
  id                         uuid         primary key default gen_random_uuid(),
  created_at                 timestamptz  not null default now(),
  updated_at                 timestamptz  not null default now(),   -- set by the client, no trigger

  first_name                 text,
  surname                    text,
  email                      text,
  phone                      text,
  date_of_birth              date,
  nhs_number                 text,                                  -- as typed: blanks, hyphens, anything
  guardian_contacts          jsonb        not null default '[]',    -- [{name, relationship, phone, email}]

  symptoms                   text[]       not null default '{}',
  onset_time                 text,
  reaction_frequency         text,
  most_severe_reaction       text,
  food_triggers              text[]       not null default '{}',
  other_triggers             text,
  can_eat_baked_egg          boolean      not null default false,
  can_eat_baked_milk         boolean      not null default false,

  asthma_control             text,
  eczema                     boolean      not null default false,
  hay_fever                  boolean      not null default false,
  other_conditions           text,
  last_antihistamine         timestamptz,
  taking_beta_blocker        boolean      not null default false,
  taking_ace_inhibitor       boolean      not null default false,
  pregnant                   boolean      not null default false,
  has_auto_injector          boolean      not null default false,
  carries_auto_injector      boolean      not null default false,

  attachments                text[]       not null default '{}',
  document_references        jsonb        not null default '[]',    -- array of strings

  consent_signed_at          timestamptz,
  consent_expires_at         timestamptz,
  safeguarding_notes         text,
  safeguarding_follow_up_at  timestamptz,
  patient_notes              text,

  status                     text         not null default 'new',   -- no list of values is enforced
  spt_ready                  boolean      not null default false,
  high_risk                  boolean      not null default false,
  flags                      text[]       not null default '{}',
  clinician_notes            text,
  clinician_id               uuid,
  clinician_email            text
);
create index if not exists submissions_email_lower_idx    on public.submissions (lower(email));
create index if not exists submissions_status_created_idx on public.submissions (status, created_at desc);

-- --------------------------------------------------------------------------- scheduling
create table if not exists public.appointments (
  id             uuid         primary key default gen_random_uuid(),
  submission_id  uuid         not null references public.submissions (id) on delete cascade,
  start_at       timestamptz  not null,
  end_at         timestamptz  not null,                             -- may equal start_at
  location       text,
  notes          text,
  created_at     timestamptz  not null default now(),
  status         text         not null default 'CONFIRMED'
    check (status in ('REQUESTED', 'CONFIRMED', 'CHECKED_IN', 'COMPLETED', 'CANCELLED', 'NO_SHOW')),
  resource_type  text         not null default 'IN_PERSON'
    check (resource_type in ('IN_PERSON', 'TELEHEALTH', 'HOME_VISIT')),
  updated_at     timestamptz  not null default now()
);
create index if not exists appointments_submission_idx on public.appointments (submission_id);
create index if not exists appointments_start_idx      on public.appointments (start_at);

create table if not exists public.appointment_requests (
  id              uuid         primary key default gen_random_uuid(),
  submission_id   uuid         not null references public.submissions (id) on delete cascade,
  appointment_id  uuid         references public.appointments (id) on delete set null,
  patient_email   text,
  request_type    text         not null check (request_type in ('reschedule', 'cancel', 'other')),
  message         text,
  status          text         not null default 'pending',
  handled_at      timestamptz,
  created_at      timestamptz  not null default now()
);
create index if not exists appointment_requests_submission_idx on public.appointment_requests (submission_id);
create index if not exists appointment_requests_status_idx     on public.appointment_requests (status);

-- --------------------------------------------------------------------------- laboratory
create table if not exists public.lab_orders (
  id                        uuid         primary key default gen_random_uuid(),
  submission_id             uuid         references public.submissions (id) on delete set null,
  patient_full_name         text,
  patient_email             text,
  patient_date_of_birth     date,
  ordering_clinician_id     uuid,
  ordering_clinician_email  text,
  order_type                text,
  priority                  text         default 'routine',         -- NULL, 'STAT' and 'whenever' all occur
  vendor                    text,
  order_status              text         not null default 'draft'
    check (order_status in ('draft', 'submitted', 'in_transit', 'results_received', 'results_reviewed',
                            'retransmit_requested', 'cancelled')),
  external_order_id         text,                                   -- the vendor's; repeats happen
  metadata                  jsonb        not null default '{}',
  ordered_at                timestamptz  default timezone('utc', now()),
  result_received_at        timestamptz,
  result_reviewed_at        timestamptz,
  last_status_at            timestamptz  default timezone('utc', now()),
  created_at                timestamptz  not null default timezone('utc', now()),
  updated_at                timestamptz  not null default timezone('utc', now())
);
create index if not exists lab_orders_submission_idx on public.lab_orders (submission_id);
create index if not exists lab_orders_status_idx     on public.lab_orders (order_status);
create index if not exists lab_orders_external_idx   on public.lab_orders (external_order_id);
create index if not exists lab_orders_vendor_idx     on public.lab_orders (vendor);

create table if not exists public.lab_order_events (
  id                 uuid         primary key default gen_random_uuid(),
  lab_order_id       uuid         not null references public.lab_orders (id) on delete cascade,
  event_type         text         not null,
  event_status       text,
  external_event_id  text,
  payload            jsonb        not null default '{}',
  occurred_at        timestamptz  not null default timezone('utc', now()),
  actor_email        text,                                          -- NULL when a machine wrote the event
  note               text,
  created_at         timestamptz  not null default timezone('utc', now())
);
create index if not exists lab_order_events_order_idx    on public.lab_order_events (lab_order_id);
create index if not exists lab_order_events_type_idx     on public.lab_order_events (event_type);
create index if not exists lab_order_events_occurred_idx on public.lab_order_events (occurred_at desc);

-- --------------------------------------------------------------------------- care plans and compliance
create table if not exists public.action_plans (
  id              uuid         primary key default gen_random_uuid(),
  submission_id   uuid         not null references public.submissions (id) on delete cascade,
  category        text         not null default 'general',
  storage_path    text         not null,
  uploaded_by     uuid         references auth.users (id),
  uploaded_email  text,
  created_at      timestamptz  not null default now()
);
create index if not exists action_plans_submission_idx on public.action_plans (submission_id);

create table if not exists public.compliance_tasks (
  id                uuid         primary key default gen_random_uuid(),
  submission_id     uuid         references public.submissions (id) on delete cascade,  -- NULL: for the whole clinic
  task_type         text         not null,
  title             text         not null,
  details           text,
  due_at            timestamptz,
  status            text         not null default 'open',
  metadata          jsonb        not null default '{}',
  resolution_notes  text,
  resolved_at       timestamptz,
  resolved_by       uuid         references auth.users (id),
  created_at        timestamptz  not null default now(),
  updated_at        timestamptz  not null default now()
);
create index if not exists compliance_tasks_submission_idx on public.compliance_tasks (submission_id);
create index if not exists compliance_tasks_status_due_idx on public.compliance_tasks (status, due_at);
-- one open task of a kind for a submission; tasks without a submission never collide
create unique index if not exists compliance_tasks_unique_open
  on public.compliance_tasks (submission_id, task_type) where status = 'open';

-- --------------------------------------------------------------------------- partners
create table if not exists public.partner_checkins (
  id            uuid         primary key default gen_random_uuid(),
  patient_name  text         not null unique,                       -- a second visit overwrites the first
  status        text         not null,
  arrived_at    timestamptz  not null default timezone('utc', now()),
  updated_at    timestamptz  not null default timezone('utc', now()),
  ready_at      timestamptz
);

create table if not exists public.partner_label_queue (
  id            uuid         primary key default gen_random_uuid(),
  label_code    text         not null unique,
  patient_name  text         not null,
  request_type  text         not null,
  priority      text         not null default 'normal',
  created_at    timestamptz  not null default timezone('utc', now()),
  printed_at    timestamptz
);

create table if not exists public.partner_stock_levels (
  id                uuid          primary key default gen_random_uuid(),
  item_name         text          not null unique,
  quantity          integer       not null check (quantity >= 0),
  unit              text          not null,
  status            text          not null,
  updated_at        timestamptz   not null default timezone('utc', now()),
  lot_number        text,
  expiry_date       date,
  manufacturer      text,
  storage_location  text,
  min_temp          numeric(5,2),
  max_temp          numeric(5,2),
  constraint partner_stock_levels_temp_range_chk
    check (min_temp is null or max_temp is null or min_temp <= max_temp)
);

-- no column says when a payout was written or changed
create table if not exists public.partner_payouts (
  id             uuid           primary key default gen_random_uuid(),
  occurred_on    date           not null default current_date,
  amount         numeric(12,2)  not null check (amount >= 0),
  partner_email  text,
  notes          text
);

create table if not exists public.partner_temperature_logs (
  id                uuid          primary key default gen_random_uuid(),
  stock_id          uuid          references public.partner_stock_levels (id) on delete set null,
  storage_location  text          not null,
  recorded_at       timestamptz   not null default timezone('utc', now()),
  temperature_c     numeric(6,3)  not null,
  is_excursion      boolean       not null default false,
  excursion_reason  text,
  resolved_at       timestamptz,
  notes             text,
  created_at        timestamptz   not null default timezone('utc', now())
);
create index if not exists partner_temperature_logs_recorded_at_idx
  on public.partner_temperature_logs (recorded_at desc);
create index if not exists partner_temperature_logs_stock_idx
  on public.partner_temperature_logs (stock_id, recorded_at desc);

-- --------------------------------------------------------------------------- triggers
create or replace function public.touch_compliance_tasks() returns trigger language plpgsql as
$body$ begin new.updated_at := now(); return new; end $body$;

create or replace function public.touch_updated_at() returns trigger language plpgsql as
$body$ begin new.updated_at := timezone('utc', now()); return new; end $body$;

-- made only when missing: re-making a trigger would lock a table that is in use
do $once$
begin
  if not exists (select from pg_trigger where tgname = 'compliance_tasks_touch') then
    create trigger compliance_tasks_touch before update on public.compliance_tasks
      for each row execute function public.touch_compliance_tasks();
  end if;
  if not exists (select from pg_trigger where tgname = 'set_lab_orders_updated') then
    create trigger set_lab_orders_updated before update on public.lab_orders
      for each row execute function public.touch_updated_at();
  end if;
end $once$;

-- --------------------------------------------------------------------------- views the partner portal reads
create or replace view public.partner_today_schedule as
  select a.id,
         a.start_at,
         a.end_at,
         coalesce(nullif(btrim(a.notes), ''), 'Consultation') as purpose,
         concat_ws(' ', s.first_name, s.surname)              as patient_name,
         a.location
    from public.appointments a
    join public.submissions s on s.id = a.submission_id
   where a.start_at::date = current_date
   order by a.start_at;

create or replace view public.partner_earnings_summary as
  select span.scope,
         coalesce(sum(p.amount), 0)::numeric(12,2) as amount
    from (values ('today'::text, current_date),
                 ('week',        date_trunc('week', current_date)::date),
                 ('month',       date_trunc('month', current_date)::date)) as span (scope, since)
    left join public.partner_payouts p
      on p.occurred_on >= span.since
     and (span.scope <> 'today' or p.occurred_on = current_date)
   group by span.scope;

-- --------------------------------------------------------------------------- change capture
-- Whole old rows in the log: a delete must still tell whose row it was. Skipped where it is so already, because
-- the change takes the table's strongest lock.
do $full$
declare
  found regclass;
begin
  for found in
    select c.oid::regclass
      from pg_class c
     where c.relnamespace = 'public'::regnamespace
       and c.relkind = 'r'
       and c.relreplident <> 'f'
       and c.relname in ('submissions', 'appointments', 'appointment_requests', 'lab_orders', 'lab_order_events',
                         'action_plans', 'compliance_tasks', 'partner_checkins', 'partner_label_queue',
                         'partner_stock_levels', 'partner_payouts', 'partner_temperature_logs')
  loop
    execute format('alter table %s replica identity full', found);
  end loop;
end $full$;
