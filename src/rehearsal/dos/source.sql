-- The legacy Directory of Services as a rehearsal needs it: every table of `pathwaysdos` a migration may meet.
--
-- Applied as often as you like; what is there already is left as it is. Columns that look careless (nullable types and
-- statuses, a flag kept as text, times of day without dates) are so in the original. There is no table of addresses:
-- `services.address` has a dollar sign between its lines.

-- --------------------------------------------------------------------------- the mark of a rehearsal
-- Seeds and traffic refuse a database that has services and not this schema: it might be the real one.
create schema if not exists rehearsal;
comment on schema rehearsal is 'Rows here are invented; Sluice may add, change and delete them.';

create schema if not exists pathwaysdos;
set local search_path to pathwaysdos;

-- --------------------------------------------------------------------------- lookups
create table if not exists servicetypes (
  id                    integer       primary key,
  name                  varchar(255)  not null,
  nationalranking       varchar(255),
  searchcapacitystatus  boolean,
  capacitymodel         varchar(255),
  capacityreset         varchar(255)
);
create index if not exists servicetypes_name on servicetypes (name);

create table if not exists servicestatuses (
  id    serial        primary key,
  name  varchar(255)  not null
);

create table if not exists openingtimedays (
  id    serial        primary key,
  name  varchar(255)  not null                                        -- Monday to Sunday, BankHoliday
);

create table if not exists dispositions (
  id               serial        primary key,
  name             varchar(255)  not null,
  dxcode           varchar(255),
  dispositiontime  integer                                            -- minutes
);

create table if not exists dispositiongroups (
  id               serial        primary key,
  uid              integer       not null,
  dispositiontime  integer,
  defaultdos       varchar(255),
  name             varchar(255)  not null
);

create table if not exists dispositiongroupdispositions (
  id                  serial   primary key,
  dispositionid       integer  not null references dispositions on delete cascade,
  dispositiongroupid  integer  not null references dispositiongroups,
  unique (dispositionid, dispositiongroupid)
);
create index if not exists dispositiongroupdispositions_group on dispositiongroupdispositions (dispositiongroupid);

create table if not exists symptomgroups (
  id           integer       primary key,
  name         varchar(255)  not null unique,
  zcodeexists  boolean
);

create table if not exists symptomdiscriminators (
  id           integer       primary key,
  description  varchar(255)  not null
);
create index if not exists symptomdiscriminators_description on symptomdiscriminators (description);

create table if not exists symptomdiscriminatorsynonyms (
  id                      serial        primary key,
  name                    varchar(255)  not null,
  symptomdiscriminatorid  integer       not null references symptomdiscriminators on delete cascade
);
create index if not exists symptomdiscriminatorsynonyms_of on symptomdiscriminatorsynonyms (symptomdiscriminatorid);

create table if not exists symptomgroupsymptomdiscriminators (
  id                      serial   primary key,
  symptomgroupid          integer  not null references symptomgroups,
  symptomdiscriminatorid  integer  not null references symptomdiscriminators on delete cascade,
  unique (symptomgroupid, symptomdiscriminatorid)
);
create index if not exists symptomgroupsymptomdiscriminators_sd
  on symptomgroupsymptomdiscriminators (symptomdiscriminatorid);

-- --------------------------------------------------------------------------- services
create table if not exists organisations (
  id                  serial          primary key,
  name                varchar(255)    not null,
  code                varchar(10)     not null unique,
  startdate           timestamptz(0)  not null,
  enddate             timestamptz(0),
  organisationtypeid  integer         not null,
  islocalrankingused  boolean         not null default true,
  subregionid         integer,                                        -- of a service; the key is made below
  lastareaupdate      timestamptz
);
create index if not exists organisations_subregion on organisations (subregionid);

create table if not exists services (
  id                                   serial           primary key,
  uid                                  varchar(255)     not null,
  name                                 varchar(255)     not null,
  odscode                              varchar(255),
  isnational                           varchar(255),                  -- a flag, as text
  openallhours                         boolean          not null default false,
  publicreferralinstructions           text,
  telephonetriagereferralinstructions  text,
  restricttoreferrals                  boolean          not null default false,
  address                              varchar(512),                  -- lines with $ between them
  town                                 varchar(255),
  postcode                             varchar(255),
  easting                              integer,
  northing                             integer,
  publicphone                          varchar(255),
  nonpublicphone                       varchar(255),
  fax                                  varchar(255),
  email                                varchar(255),
  web                                  varchar(512),
  createdby                            varchar(255),
  createdtime                          timestamptz(0),
  modifiedby                           varchar(255),
  modifiedtime                         timestamptz(0),
  lasttemplatename                     text,
  lasttemplateid                       integer,
  typeid                               integer          references servicetypes,
  parentid                             integer          references services,
  subregionid                          integer          references services,
  statusid                             integer          references servicestatuses,
  organisationid                       integer          references organisations,
  returnifopenminutes                  integer,
  publicname                           varchar(255),
  latitude                             double precision,
  longitude                            double precision,
  professionalreferralinfo             text,
  lastverified                         timestamptz,
  nextverificationdue                  timestamptz
);
create index if not exists services_uid on services (uid);
create index if not exists services_name on services (name);
create index if not exists services_odscode on services (odscode);
create index if not exists services_typeid on services (typeid);
create index if not exists services_statusid on services (statusid);
create index if not exists services_parentid on services (parentid);
create index if not exists services_subregionid on services (subregionid);
create index if not exists services_organisationid on services (organisationid);
create index if not exists services_lasttemplateid on services (lasttemplateid);
create index if not exists services_place on services (easting, northing);
create index if not exists services_createdtime on services (createdtime);
create index if not exists services_modifiedtime on services (modifiedtime);

do $$
begin
  if not exists (select from pg_constraint where conname = 'organisations_subregionid_fkey') then
    alter table organisations add constraint organisations_subregionid_fkey
      foreign key (subregionid) references services;
  end if;
end
$$;

-- --------------------------------------------------------------------------- what belongs to a service
create table if not exists serviceendpoints (
  id                    serial        primary key,
  endpointorder         integer,
  transport             varchar(255),
  format                varchar(255),
  interaction           varchar(255),
  businessscenario      varchar(255),
  address               varchar(255),
  comment               text,
  iscompressionenabled  varchar(255),
  serviceid             integer       not null references services on delete cascade
);
create index if not exists serviceendpoints_order on serviceendpoints (endpointorder);
create index if not exists serviceendpoints_service on serviceendpoints (serviceid);

create table if not exists servicedayopenings (
  id         serial   primary key,
  serviceid  integer  not null references services on delete cascade,
  dayid      integer  references openingtimedays
);
create index if not exists servicedayopenings_day on servicedayopenings (dayid);
create index if not exists servicedayopenings_service on servicedayopenings (serviceid);

create table if not exists servicedayopeningtimes (
  id                   serial   primary key,
  starttime            time(0)  not null,
  endtime              time(0)  not null,
  servicedayopeningid  integer  references servicedayopenings on delete cascade
);
create index if not exists servicedayopeningtimes_opening on servicedayopeningtimes (servicedayopeningid);

create table if not exists servicespecifiedopeningdates (
  id         serial   primary key,
  date       date     not null,
  serviceid  integer  references services on delete cascade
);
create index if not exists servicespecifiedopeningdates_service on servicespecifiedopeningdates (serviceid);

create table if not exists servicespecifiedopeningtimes (
  id                             serial   primary key,
  starttime                      time(0)  not null,
  endtime                        time(0)  not null,
  isclosed                       boolean  not null,
  servicespecifiedopeningdateid  integer  references servicespecifiedopeningdates on delete cascade
);
create index if not exists servicespecifiedopeningtimes_date
  on servicespecifiedopeningtimes (servicespecifiedopeningdateid);

create table if not exists servicesgsds (
  id         serial   primary key,
  serviceid  integer  not null references services on delete cascade,
  sdid       integer  not null references symptomdiscriminators on delete cascade,
  sgid       integer  not null references symptomgroups on delete cascade,
  unique (serviceid, sdid, sgid)
);
create index if not exists servicesgsds_sd on servicesgsds (sdid);
create index if not exists servicesgsds_sg on servicesgsds (sgid);

create table if not exists servicedispositions (
  id             serial   primary key,
  serviceid      integer  not null references services on delete cascade,
  dispositionid  integer  not null references dispositions on delete cascade,
  unique (serviceid, dispositionid)
);
create index if not exists servicedispositions_disposition on servicedispositions (dispositionid);

create table if not exists serviceagerange (
  id         serial            primary key,
  daysfrom   double precision  not null,
  daysto     double precision  not null,
  serviceid  integer           not null references services on delete cascade
);
create index if not exists serviceagerange_service on serviceagerange (serviceid);
