-- The column that tells rows apart comes first: each step down an index otherwise compares the same names again and again.
alter table document drop constraint document_pkey, add primary key (id, target, pipeline);
drop index document_root;
create index document_root on document (root, flow, pipeline);
drop index mark_root;
create index mark_root on mark (key, flow, pipeline) where part = '';
