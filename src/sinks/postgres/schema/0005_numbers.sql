-- Numbers given to business keys (record numbers of a load): once and for ever, whatever run asks. Nothing is deleted here.
create table number (
  migration text not null,
  series    text not null,
  key       text not null,
  number    bigint generated always as identity,
  given_at  timestamptz not null default clock_timestamp(),
  primary key (migration, series, key)
);
