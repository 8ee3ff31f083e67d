-- Room in each page for the next version of a row: an update that finds it touches no index.
alter table document set (fillfactor = 75);
