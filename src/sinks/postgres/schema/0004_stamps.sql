-- What a remote document is stamped with when it is written (audit fields): no part of its content or its hash.
alter table document add column stamps jsonb;

-- Goes out with the others of its order key all or none: a document and its state are one transaction at their store.
alter table intent add column together boolean not null default false;
create index intent_together on intent (pipeline, store, order_key) where together;
