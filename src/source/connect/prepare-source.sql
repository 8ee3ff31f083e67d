-- What a connector needs in the database it reads. Run by `sluice connectors apply`; may be run again at any time.
create schema if not exists sluice_cdc;

-- One row that the connector keeps updating: it moves the slot in idle and shows that capture is alive.
create table if not exists sluice_cdc.heartbeat (
  id integer primary key,
  at timestamptz not null
);

-- Snapshots are asked for here, and their watermarks are written here.
create table if not exists sluice_cdc.signal (
  id   varchar(64) primary key,
  type varchar(32) not null,
  data varchar(2048)
);
