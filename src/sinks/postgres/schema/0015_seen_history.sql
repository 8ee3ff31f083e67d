-- What the history of an item was last seen to hold when it was right: its entries up to a time, which are there for ever.
create table seen_history (
  pipeline text    not null,
  target   text    not null,
  subject  text    not null,
  through  text    not null,
  entries  integer not null,
  hash     bytea   not null,
  primary key (pipeline, target, subject)
);
