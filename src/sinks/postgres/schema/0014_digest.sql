-- What the digest engine expects of each row of a state table, hashed, and the same added up.
create table digest_document (
  pipeline text   not null,
  target   text   not null,
  id       text   not null,
  flow     text   not null,
  root     text   not null,
  -- of the document it was made for: with another one it is to be made again
  revision bigint not null,
  -- hash of the key: its upper bits are the bucket
  place    bigint not null,
  -- two hashes of the row as the table's own types write it, key included; null: no row is expected
  a        bigint,
  b        bigint,
  primary key (id, target, pipeline)
);
create index digest_document_root on digest_document (root, flow, pipeline);
create index digest_document_place on digest_document (place, target, pipeline);

-- Kept with each change of digest_document: less what it was, more what it is.
create table digest_bucket (
  pipeline text    not null,
  target   text    not null,
  bucket   integer not null,
  n        bigint  not null,
  a        numeric not null,
  b        numeric not null,
  primary key (pipeline, target, bucket)
);
