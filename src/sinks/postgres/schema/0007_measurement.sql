-- Figures as they were measured; gates look at windows of them. Only ever added to.
create table measurement (
  id             bigint generated always as identity primary key,
  migration      text not null,
  flow           text not null,
  figure         text not null,
  value          double precision not null,
  at             timestamptz not null,
  sample         bigint,
  coverage       double precision,
  oldest_seconds double precision,
  source         text not null
);
create index measurement_window on measurement (migration, figure, at);
