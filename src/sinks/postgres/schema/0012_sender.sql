-- Who sends to a store, with lanes or without: who holds all of them is to know that another one waits for some.
create table sender (
  pipeline text not null,
  store    text not null,
  owner    text not null,
  until    timestamptz not null,
  primary key (pipeline, store, owner)
);
