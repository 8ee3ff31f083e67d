-- Newest Kafka timestamp among the records landed of a partition. A log in which nothing is as old as this is another
-- log under the same name: offsets alone cannot tell once it has grown past the progress.
alter table progress add column log_time_ms bigint;
